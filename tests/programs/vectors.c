// Vectors as arguments, locals, statics, members and elements, of all widths of lanes.
#include <stdio.h>

#ifdef __wasm__
#pragma clang attribute push(__attribute__((target("simd128"))), apply_to = function)
#endif

typedef float vec4 __attribute__((vector_size(16)));
typedef int int4 __attribute__((vector_size(16)));
typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef signed char chars16 __attribute__((vector_size(16)));
typedef short short8 __attribute__((vector_size(16)));
typedef double vec2 __attribute__((vector_size(16)));
typedef long long long2 __attribute__((vector_size(16)));
typedef float float8 __attribute__((vector_size(32)));
typedef float float2 __attribute__((vector_size(8)));
typedef float float3 __attribute__((ext_vector_type(3)));

struct particle {
    vec4 position;
    int4 cells[2];
    char name[8];
};

int4 counts = {1, 2, 3, 4};
static vec4 gravity = {0.0f, -9.5f, 0.0f, 1.0f};

static int sum(int4 v) {
    int total = 0;
    for (int i = 0; i < 4; i++)
        total += v[i];
    return total;
}

static void move(struct particle *p, vec4 by, float times) {
    vec4 moved = p->position + by * times;
    p->position = moved;
    p->cells[1] += p->cells[0];
}

static double widest(vec2 pair, long2 longs, short8 shorts, bytes16 bytes) {
    vec2 scaled = pair * 2.0;
    long2 shifted = longs << 1;
    short8 negated = -shorts;
    bytes16 wrapped = bytes + bytes;
    return scaled[0] + shifted[1] + negated[7] + wrapped[15];
}

int main(void) {
    struct particle p = {{1, 2, 3, 4}, {{5, 6, 7, 8}, {-1, -2, -3, -4}}, "first"};
    bytes16 bytes = {65, 66, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};
    chars16 chars = {65, 66, 0, -4, -128, 127};
    short8 shorts = {-1, 2, -3, 4, -5, 6, -7, 8};
    vec2 pair = {1.5, -2.25};
    long2 longs = {1LL << 40, -1};
    float8 eight = {1, 2, 3, 4, 5, 6, 7, 8};
    float2 two = {1.5f, 2.5f};
    float3 three = {1, 2, 3};
    int4 *pointer = &counts;
    int total = sum(counts + p.cells[0]);
    move(&p, gravity, 2.0f);
    double wide = widest(pair, longs, shorts, bytes);
    counts += p.cells[1];
    printf("%d %g %g %d\n", total, wide, p.position[1], sum(*pointer));
    printf("%d %g %g %g\n", chars[4], eight[7], two[1], three[2]);
    return 0;
}

#ifdef __wasm__
#pragma clang attribute pop
#endif
