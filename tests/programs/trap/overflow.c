// Divides the smallest integer by -1, whose result no integer holds.
#include <limits.h>
#include <stdio.h>

static volatile int smallest = INT_MIN;
static volatile int minus_one = -1;

static int negate(int value) {
    int by = minus_one;
    return value / by; // traps
}

int main(void) {
    printf("%d\n", negate(5));
    fflush(stdout);
    return negate(smallest) == 0;
}
// report: -O0 -g
// report: -O2 -g -O
