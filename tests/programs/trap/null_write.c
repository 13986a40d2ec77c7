// Writes through a null pointer with a large offset, which wasm's memory does not hold. (A small one is a valid address.)
#include <stdio.h>

struct huge {
    char head[0x70000000];
    int tail;
};

static void mark(volatile struct huge *huge) {
    huge->tail = 1; // traps
}

int main(void) {
    struct huge *nothing = NULL;
    printf("before\n");
    fflush(stdout);
    mark(nothing);
    return 0;
}
// report: -O0 -g
// report: -O2 -g
