// Three functions deep in one, all inlined: a division by what a table says.
static volatile int divisors[3] = {4, 2, 0};

static inline __attribute__((always_inline)) int quotient(int value, int divisor) {
    return value / divisor;
}

static inline __attribute__((always_inline)) int by_index(int value, int index) {
    int divisor = divisors[index];
    return quotient(value, divisor);
}

static inline __attribute__((always_inline)) int chain(int value) {
    for (int i = 0; i < 3; i++)
        value = by_index(value, i);
    return value;
}

__attribute__((noinline)) int run(int value) {
    return chain(value);
}

int main(void) {
    return run(800);
}
// report: -O0 -g
// report: -O2 -g
// report: -O2 -g -O
// report: -O2-split
