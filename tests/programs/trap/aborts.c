// Calls abort: wasi-libc's ends in an unreachable instruction. (Native: SIGABRT.)
#include <stdio.h>
#include <stdlib.h>

static void check(int condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "check failed: %s\n", what);
        abort(); // traps
    }
}

int main(void) {
    check(1 + 1 == 2, "arithmetic");
    printf("first check passed\n");
    fflush(stdout);
    check(1 + 1 == 3, "new arithmetic");
    return 0;
}
// report: -O0 -g
