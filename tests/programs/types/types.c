// Every kind of type of C, at several depths of pointers, arrays, members and typedefs.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
enum color { RED, GREEN = 5, BLUE };
typedef enum color color_t;
typedef enum { NORTH, SOUTH } side;
struct point { int x, y; };
typedef struct point point;
typedef struct { short a; char b[3]; } unnamed;
union number { int i; float f; unsigned char bytes[4]; };
struct bits { unsigned low : 3; int mid : 7; unsigned long long wide : 40; bool flag : 1; enum color tint : 4; };
struct mixed {
    struct { int inner; double real; };
    union { int as_int; struct point as_point; };
    struct { const char *name; int count; } named;
};
typedef int (*operation)(int, int);
typedef int grid[2][3];
typedef int *int_pointer;
struct node { int value; struct node *next; struct node *children[2]; const char *label; operation act; void *any; };
struct flexible { int count; int items[]; };
struct all {
    bool truth; char letter; signed char small; unsigned char byte; short half; unsigned short uhalf; int number; unsigned unumber;
    long tall; unsigned long utall; long long wide; unsigned long long uwide; float real; double precise;
    enum color color; color_t alias; struct point point, *to_point, points[2], *to_points[2], (*to_array)[2];
    union number number_union, *to_union; struct bits bits, *to_bits; int *to_int, **to_to_int, *ints[2], (*to_ints)[2];
    const char *text, *texts[2]; char letters[6]; operation act, acts[2], *to_act; grid grid, *to_grid; void *any; 
    volatile int *to_volatile; const struct point *to_const; int *const constant; color_t *to_color; side *to_side; unnamed *to_unnamed;
};
static int add(int a, int b) { return a + b; }
static int sub(int a, int b) { return a - b; }
static int seven = 7, eight = 8, pair[2] = {3, 4};
static int *to_seven = &seven;
static struct point origin = {1, 2}, points[2] = {{3, 4}, {5, 6}};
static union number word = {.i = 0x434241};
static struct bits some_bits = {5, -3, 0x123456789aULL, true, GREEN};
static operation act = add;
static grid table = {{1, 2, 3}, {4, 5, 6}};
static color_t blue = BLUE;
static side south = SOUTH;
static unnamed thing = {9, "ab"};
static struct node leaf = {2, 0, {0, 0}, "leaf", sub, &seven}, root = {1, &leaf, {&leaf, 0}, "root", add, &leaf};
static struct mixed mixed = {{1, 2.5}, {.as_point = {3, 4}}, {"mixed", 7}}, *to_mixed = &mixed;
static double ratio = 1.5, *to_ratio = &ratio;
static _Bool truth = 1, *to_truth = &truth;
static short half = -2, *to_half = &half;
static long long huge = 1LL << 40, *to_huge = &huge;
static unsigned char bytes[3] = {1, 2, 255}, *to_bytes = bytes;
static uint16_t port = 8080, *to_port = &port;
static struct flexible *flexible;
static int walk(struct all *all, const struct node *node, int n, int (*matrix)[3], operation *acts, void **any) {
    int vla[n];
    for (int i = 0; i < n; i++) vla[i] = i * i;
    struct all copy = *all;
    struct node *const last = (struct node *)node;
    struct node **to_last = (struct node **)&last;
    return vla[n - 1] + copy.number + (*to_last)->value + matrix[1][2] + acts[0](1, 2) + (*any != 0); // stop
}
int main(void) {
    flexible = malloc(sizeof *flexible + 2 * sizeof(int));
    flexible->count = 2; flexible->items[0] = 10; flexible->items[1] = 20;
    void *any = &seven;
    operation acts[2] = {add, sub};
    struct all all = {
        true, 'c', -1, 200, -2, 60000, 42, 43, -44, 45, -(1LL << 40), 1ULL << 41, 1.5f, 2.25, GREEN, BLUE,
        {1, 2}, &origin, {{3, 4}, {5, 6}}, {&points[0], &points[1]}, &points, {.i = 1094861636}, &word, {1, -1, 2, false, RED}, &some_bits,
        &seven, &to_seven, {&seven, &eight}, &pair, "text", {"one", "two"}, "abcde", add, {add, sub}, &act,
        {{1, 2, 3}, {4, 5, 6}}, &table, &seven, &seven, &origin, &eight, &blue, &south, &thing};
    return walk(&all, &root, 4, table, acts, &any) + to_mixed->inner + (int)*to_ratio + *to_truth + *to_half + (int)*to_huge + *to_bytes + *to_port + flexible->count > 1000;
}
