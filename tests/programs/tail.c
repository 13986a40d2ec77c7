// Tail calls: through functions, pointers, and with more arguments than registers.
#include <stdio.h>

#ifdef __wasm__
#pragma clang attribute push(__attribute__((target("tail-call"))), apply_to = function)
#endif

typedef int step(int n, int sum, const char *name);

static int done(int n, int sum, const char *name);
static int odd(int n, int sum, const char *name);

static step *const steps[] = {done, odd};
static int count;

static int even(int n, int sum, const char *name) {
    int doubled = sum;
    doubled += sum;
    count++;
    if (n == 0)
        __attribute__((musttail)) return done(n, doubled, name);
    __attribute__((musttail)) return steps[1](n - 1, sum + n, name);
}

static int odd(int n, int sum, const char *name) {
    int tripled = sum;
    tripled += 2 * sum;
    count++;
    if (n == 0)
        __attribute__((musttail)) return steps[0](n, tripled, name);
    __attribute__((musttail)) return even(n - 1, sum + n, name);
}

static int done(int n, int sum, const char *name) {
    int result = sum + n;
    printf("%s: %d\n", name, result);
    return result;
}

static long many(long a, long b, long c, long d, long e, long f, long g, long h) {
    long weighted = a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
    return weighted;
}

static long few(long a, long b) {
    long local = a * 10 + b;
    printf("%ld\n", local);
    return local + many(a, b, a, b, a, b, a, b);
}

static long grow(long a, long b, long c, long d, long e, long f, long g, long h) {
    long local = a;
    local += h;
    count++;
    if (local > 20)
        return few(local, g);
    __attribute__((musttail)) return grow(h, a, b, c, d, e, f, local);
}

int main(void) {
    int first = even(3, 10, "three");
    int second = even(4, 10, "four");
    long third = grow(1, 2, 3, 4, 5, 6, 7, 8);
    printf("%d %d %ld %d\n", first, second, third, count);
    return 0;
}

#ifdef __wasm__
#pragma clang attribute pop
#endif
