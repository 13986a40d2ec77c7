/* Calls itself: little but calls and returns. */
#include <stdio.h>

static int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static int ackermann(int m, int n) {
    if (m == 0)
        return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

int main(int count, char **words) {
    (void)words;
    printf("%d %d\n", fibonacci(34 + count), ackermann(2, 600 + count));
    return 0;
}
