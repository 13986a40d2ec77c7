// Calls a function through a pointer of another type. (Native: it seems to work.)
#include <stdio.h>

static double half(double value) {
    return value / 2;
}

typedef int (*callback)(int, int);

static int call(callback function) {
    return function(1, 2); // traps
}

int main(void) {
    printf("%.1f\n", half(3));
    fflush(stdout);
    return call((callback)(void (*)(void))half);
}
// report: -O0 -g
// report: -O2 -g
