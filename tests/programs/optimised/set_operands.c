#include <stdio.h>

__attribute__((noinline)) static int after(int a, int b) {
    int product = a * b;
    return product + 1;
}

__attribute__((noinline)) static int twice(int a, int b) {
    int sum = a + b;
    printf("%d\n", sum);
    return sum * 2;
}

__attribute__((noinline)) static int thrice(int *from) {
    int got = from[0] + from[1];
    from[0] = got;
    return got * 3;
}

int main(int count, char **words) {
    (void)words;
    int first = after(count + 2, count + 3);
    int second = twice(first, count);
    int pair[] = {first, second};
    int third = thrice(pair);
    printf("%d %d %d %d\n", first, second, third, pair[0]);
    return 0;
}
