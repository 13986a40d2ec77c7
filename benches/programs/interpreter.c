/* Runs bytecode: a switch in a loop. */
#include <stdio.h>

enum { PUSH, LOAD, STORE, ADD, SUBTRACT, MULTIPLY, MODULO, LESS, JUMP, BRANCH, DUPLICATE, DROP, SWAP, END };

static long run(const int *code) {
    long stack[32], locals[8] = {0}, *top = stack, kept;
    for (;;)
        switch (*code++) {
        case PUSH: *top++ = *code++; break;
        case LOAD: *top++ = locals[*code++]; break;
        case STORE: locals[*code++] = *--top; break;
        case ADD: top--, top[-1] += *top; break;
        case SUBTRACT: top--, top[-1] -= *top; break;
        case MULTIPLY: top--, top[-1] = (long)((unsigned long)top[-1] * (unsigned long)*top & 0xffffff); break;
        case MODULO: top--, top[-1] %= *top; break;
        case LESS: top--, top[-1] = top[-1] < *top; break;
        case JUMP: code += *code; break;
        case BRANCH: code += *--top ? 1 : *code; break;
        case DUPLICATE: *top = top[-1], top++; break;
        case DROP: top--; break;
        case SWAP: kept = top[-1], top[-1] = top[-2], top[-2] = kept; break;
        case END: return *--top;
        }
}

int main(void) {
    static const int code[] = {
        PUSH, 0, STORE, 0, PUSH, 1, STORE, 1,
        /* 8: */ LOAD, 0, PUSH, 3000000, LESS, BRANCH, 30,
        LOAD, 1, PUSH, 31, MULTIPLY, LOAD, 0, ADD, PUSH, 65521, SWAP, SWAP, MODULO, STORE, 1,
        LOAD, 0, DUPLICATE, DROP, PUSH, 1, ADD, STORE, 0, LOAD, 1, DROP, JUMP, -35,
        /* 44: */ LOAD, 1, END,
    };
    printf("%ld\n", run(code));
    return 0;
}
