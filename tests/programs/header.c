// Code that comes from a header, the same lines for several functions, and from macros.
#include <stdio.h>

#define TYPE int
#define NAME(name) name##_int
#include "header.h"
#undef TYPE
#undef NAME
#define TYPE double
#define NAME(name) name##_double
#include "header.h"

#define SQUARE(x) ((x) * (x))
#define SWAP(type, a, b)                                                                                               \
    do {                                                                                                               \
        type kept = a;                                                                                                 \
        a = b;                                                                                                         \
        b = kept;                                                                                                      \
    } while (0)

static int used;

static int distance(int x, int y) {
    int square = SQUARE(x) + SQUARE(y);
    used++;
    return square;
}

int main(void) {
    int whole[] = {3, 9, -2, 7};
    double real[] = {0.5, -1.5, 2.25};
    int a = largest_int(whole, 4);
    double b = largest_double(real, 3);
    printf("largest %d %.2f\n", a, b);
    a = twice_int(a);
    b = twice_double(b);
    printf("twice %d %.2f\n", a, b);
    int left = 1, right = 2;
    SWAP(int, left, right);
    printf("swapped %d %d\n", left, right);
    int far = distance(left, a);
    printf("distance %d used %d\n", far, used);
    return 0;
}
