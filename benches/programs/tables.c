/* Calls functions of several types through tables of them. */
#include <stdio.h>

static unsigned add(unsigned a, unsigned b) { return a + b; }
static unsigned mix(unsigned a, unsigned b) { return a * 31 ^ b; }
static unsigned turn(unsigned a, unsigned b) { return a << (b & 31) | a >> (-b & 31); }
static unsigned less(unsigned a, unsigned b) { return a - (b >> 1); }
static unsigned one(unsigned a) { return a ^ a >> 7; }
static unsigned two(unsigned a) { return a * 5 + 1; }

static unsigned (*const binary[])(unsigned, unsigned) = {add, mix, turn, less};
static unsigned (*volatile unary[])(unsigned) = {one, two, one, one};

int main(void) {
    unsigned value = 1;
    for (unsigned i = 0; i < 40000000; i++) {
        value = binary[(value ^ i) & 3](value, i);
        if (!(i & 3))
            value = unary[i >> 2 & 3](value);
    }
    printf("%u\n", value);
    return 0;
}
