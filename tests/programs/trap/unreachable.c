// A state that cannot be, said with __builtin_trap: wasm's unreachable instruction.
#include <stdio.h>

enum light { RED, GREEN };

static const char *name(enum light light) {
    switch (light) {
    case RED:
        return "red";
    case GREEN:
        return "green";
    }
    __builtin_trap(); // traps
}

int main(void) {
    printf("%s\n", name(GREEN));
    fflush(stdout);
    enum light broken = (enum light)3;
    printf("%s\n", name(broken));
    return 0;
}
// report: -O0 -g
