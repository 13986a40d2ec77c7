#include "names.h"

int opterr = 5;

int main(void) {
    int sum = from_first();
    sum += from_second();
    sum += from_third();
    return sum == opterr; // stop
    //= opterr -> 5
    //= daylight -> 111
    //= left::tally -> 31
}
