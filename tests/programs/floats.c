// float and double: arithmetic, conversions, Newton's method, special values.
#include <math.h>
#include <stdio.h>

struct point {
    float x, y;
    double weight;
};

static double scale = 1.5;
static float bias = -0.25f;

static double root(double square) {
    double guess = square / 2;
    for (int round = 0; round < 6; round++) {
        double better = (guess + square / guess) / 2;
        guess = better;
    }
    return guess;
}

static float mix(float from, float to, float part) {
    float left = from * (1.0f - part);
    float right = to * part;
    return left + right + bias;
}

static struct point centre(const struct point *points, int count) {
    struct point result = {0, 0, 0};
    for (int i = 0; i < count; i++) {
        result.x += points[i].x / (float)count;
        result.y += points[i].y / (float)count;
        result.weight += points[i].weight * scale;
    }
    return result;
}

int main(void) {
    double two = root(2);
    printf("root %.9f\n", two);
    float mixed = mix(1, 3, 0.75f);
    printf("mixed %.4f\n", (double)mixed);
    struct point points[] = {{1, 2, 0.5}, {3, 4, 0.25}, {-1, 0.5f, 8}};
    struct point middle = centre(points, 3);
    printf("centre %.3f %.3f %.3f\n", (double)middle.x, (double)middle.y, middle.weight);
    int truncated = (int)-2.9;
    unsigned rounded = (unsigned)(two * 1000 + 0.5);
    float narrow = (float)(1.0 / 3);
    printf("%d %u %d\n", truncated, rounded, (double)narrow == 1.0 / 3);
    double infinite = scale / 0.0, tiny = 4.9e-324, zero = -0.0;
    printf("%d %d %d\n", isinf(infinite) != 0, tiny > 0, signbit(zero) != 0);
    return 0;
}
