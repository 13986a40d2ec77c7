// Structs by value: passed, returned, assigned, nested, small and large, with one member, empty arrays of them.
#include <stdio.h>

struct one {
    int only;
};
struct pair {
    short a;
    int b;
};
struct point {
    double x, y;
};
struct box {
    struct point low, high;
    char name[12];
};

static struct one wrap(int value) {
    struct one one = {value};
    return one;
}

static int unwrap(struct one one) { return one.only; }

static struct pair swap(struct pair pair) {
    struct pair swapped = {(short)pair.b, pair.a};
    return swapped;
}

static struct box around(struct point centre, double radius) {
    struct box box = {{centre.x - radius, centre.y - radius}, {centre.x + radius, centre.y + radius}, "around"};
    return box;
}

static double area(struct box box) {
    struct point size = {box.high.x - box.low.x, box.high.y - box.low.y};
    return size.x * size.y;
}

static struct box grow(struct box box, int by, struct pair unused) {
    box.high.x += by + unused.a;
    box.name[0] = 'A';
    return box;
}

static struct box last;

int main(void) {
    struct one one = wrap(42);
    printf("one %d %d\n", one.only, unwrap(wrap(one.only + 1)));
    struct pair pair = {3, 4};
    struct pair back = swap(pair);
    printf("pair %d %d\n", back.a, back.b);
    struct point centre = {1.5, -0.5};
    struct box box = around(centre, 2);
    printf("area %.2f\n", area(box));
    struct box larger = grow(box, 3, pair);
    last = larger;
    printf("%s %.1f, %s %.1f\n", box.name, box.high.x, last.name, last.high.x);
    struct point *corner = &last.low;
    corner->x = swap(back).a;
    printf("corner %.1f %.1f\n", last.low.x, last.low.y);
    return 0;
}
