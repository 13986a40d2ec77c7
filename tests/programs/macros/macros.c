#include "macros.h"
#define LIMIT 40
#define SQUARE(x) ((x) * (x))

int work(int n) {
    int sum = SQUARE(n) + LIMIT; // first
#undef LIMIT
#define LIMIT 50
    sum += LIMIT;
    return sum; // second
}

int main(void) { return work(3) == HEADER; }
