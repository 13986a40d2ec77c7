// Function pointers: in a table, in a struct, as parameter, as result, with state behind a void pointer.
#include <stdio.h>

typedef int (*operation)(int, int);

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static int multiply(int a, int b) { return a * b; }

struct command {
    char key;
    operation run;
};

static const struct command commands[] = {{'+', add}, {'-', subtract}, {'*', multiply}};

static operation find(char key) {
    for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].key == key)
            return commands[i].run;
    return NULL;
}

static int fold(const int *items, int count, int start, operation step) {
    int result = start;
    for (int i = 0; i < count; i++)
        result = step(result, items[i]);
    return result;
}

struct counter {
    int seen, total;
};

static void observe(void *state, int item) {
    struct counter *counter = state;
    counter->seen++;
    counter->total += item;
}

static void each(const int *items, int count, void (*visit)(void *, int), void *state) {
    for (int i = 0; i < count; i++)
        visit(state, items[i]);
}

int main(void) {
    static const int items[] = {3, 1, 4, 1, 5};
    static const char keys[] = "+-*";
    for (int i = 0; keys[i]; i++) {
        operation run = find(keys[i]);
        int folded = fold(items, 5, 1, run);
        printf("%c %d\n", keys[i], folded);
    }
    struct counter counter = {0, 0};
    each(items, 5, observe, &counter);
    printf("seen %d total %d missing %d\n", counter.seen, counter.total, find('/') == NULL);
    return 0;
}
