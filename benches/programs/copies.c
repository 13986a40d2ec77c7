/* Copies and fills memory, in pieces of all lengths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE (1 << 16)

int main(void) {
    unsigned char *from = malloc(SIZE), *to = malloc(SIZE);
    unsigned state = 1, sum = 0;
    memset(from, 1, SIZE);
    memset(to, 2, SIZE);
    for (int i = 0; i < 1500000; i++) {
        state = state * 1664525 + 1013904223;
        unsigned length = (state >> 20) % (i % 16 ? 64 : 4096), at = (state >> 8) % (SIZE - 4096);
        memcpy(to + at, from + (at ^ 64), length);
        if (i % 4 == 0)
            memmove(from + at + 3, from + at, length);
        if (i % 8 == 0)
            memset(from + at, i, length);
        sum += to[at] + from[at];
    }
    printf("%u\n", sum);
    return 0;
}
