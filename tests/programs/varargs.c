// Variable arguments: integers, doubles, strings, 64-bit values, va_copy, handing a va_list on.
#include <stdarg.h>
#include <stdio.h>

static char line[64];

static int sum(int count, ...) {
    va_list list;
    va_start(list, count);
    int total = 0;
    for (int i = 0; i < count; i++)
        total += va_arg(list, int);
    va_end(list);
    return total;
}

static double average(const char *types, ...) {
    va_list list;
    va_start(list, types);
    double total = 0;
    int count = 0;
    for (const char *type = types; *type; type++, count++) {
        if (*type == 'i')
            total += va_arg(list, int);
        else if (*type == 'd')
            total += va_arg(list, double);
        else
            total += (double)va_arg(list, long long);
    }
    va_end(list);
    return total / count;
}

static int twice(va_list list) {
    va_list again;
    va_copy(again, list);
    int first = va_arg(list, int);
    int same = va_arg(again, int);
    va_end(again);
    return first + same;
}

static int start_twice(const char *unused, ...) {
    va_list list;
    va_start(list, unused);
    int result = twice(list);
    va_end(list);
    return result;
}

static int format(const char *pattern, ...) {
    va_list list;
    va_start(list, pattern);
    int length = vsnprintf(line, sizeof line, pattern, list);
    va_end(list);
    return length;
}

int main(void) {
    int total = sum(5, 10, 20, 30, 40, -50);
    printf("sum %d\n", total);
    double mean = average("idl", 4, 2.5, 5000000000LL);
    printf("average %.4f\n", mean);
    printf("twice %d\n", start_twice("", 21));
    int length = format("%s/%c/%d/%.2f", "text", 'x', -3, 0.5);
    printf("%s has %d\n", line, length);
    return 0;
}
