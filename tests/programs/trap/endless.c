// Recursion without end: the stack overflows. Without parameters and locals, so that the guest's own (shadow) stack, which
// lies in its memory, does not run over first.
#include <stdio.h>

static volatile int depth;

static void descend(void) {
    depth++;
    if (depth != 0)
        descend(); // traps, at the call or in what it calls
    depth--;
}

int main(void) {
    printf("down\n");
    fflush(stdout);
    descend();
    return 0;
}
// report: -O0 -g
// report: -O2
