// Recursion: one call, two calls, a nested one, with an accumulator, with a static counter.
#include <stdint.h>
#include <stdio.h>

static int calls;

static uint64_t factorial(unsigned n) {
    uint64_t rest = 1;
    if (n > 2)
        rest = factorial(n - 1);
    return n * rest;
}

static int fibonacci(int n) {
    int one = 0, two = n;
    calls++;
    if (n > 1) {
        one = fibonacci(n - 1);
        two = fibonacci(n - 2);
    }
    return one + two;
}

static unsigned ackermann(unsigned m, unsigned n) {
    static unsigned deepest;
    if (n > deepest)
        deepest = n;
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

static void hanoi(int discs, char from, char to, char over) {
    if (discs == 0)
        return;
    hanoi(discs - 1, from, over, to);
    calls++;
    printf("%c%c ", from, to);
    hanoi(discs - 1, over, to, from);
}

static unsigned digits(unsigned number, unsigned sum) {
    return number ? digits(number / 10, sum + number % 10) : sum;
}

int main(void) {
    uint64_t big = factorial(15);
    printf("15! = %llu\n", (unsigned long long)big);
    int fib = fibonacci(5);
    printf("fibonacci %d in %d calls\n", fib, calls);
    printf("ackermann %u\n", ackermann(1, 3));
    calls = 0;
    hanoi(3, 'a', 'c', 'b');
    printf("in %d moves\n", calls);
    printf("digits %u\n", digits(987654, 0));
    return 0;
}
