#include <stdio.h>

__attribute__((noinline)) static double apart(double *from, const double *to, int count) {
    double sum = 0;
#pragma clang loop unroll(disable)
    for (int i = 0; i < count; i++) {
        double between = from[i] - to[i];
        sum += between * between;
        from[i] = between;
    }
    return sum;
}

int main(int count, char **words) {
    (void)words;
    double from[] = {count + 1, count + 2, count + 3, count + 4};
    double to[] = {count, count, count, count};
    double sum = apart(from, to, 4);
    printf("%.1f %.1f %.1f\n", from[2], from[3], sum);
    return 0;
}
