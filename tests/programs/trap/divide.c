// Divides by zero, three frames deep.
#include <stdio.h>

static int ratio(int part, int whole) {
    return part / whole; // traps
}

static int percent(const int *parts, int count) {
    int total = 0;
    for (int i = 0; i < count; i++)
        total += parts[i];
    return ratio(parts[0] * 100, total);
}

int main(void) {
    int parts[] = {3, 4, -7};
    printf("%d\n", percent(parts, 2));
    fflush(stdout);
    return percent(parts, 3);
}
// report: -O0 -g
// report: -O0 -g -O
// report: -O0 -g --backtrace=short
