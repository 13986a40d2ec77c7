// Calls a null function pointer: the first entry of wasm's table is empty.
#include <stdio.h>

struct handler {
    const char *name;
    int (*run)(int);
};

static int same(int value) {
    return value;
}

static struct handler handlers[] = {{"same", same}, {"missing", NULL}};

static int dispatch(const struct handler *handler, int value) {
    return handler->run(value); // traps
}

int main(void) {
    printf("%d\n", dispatch(&handlers[0], 7));
    fflush(stdout);
    return dispatch(&handlers[1], 8);
}
// report: -O0 -g
