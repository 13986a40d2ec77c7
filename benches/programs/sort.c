/* Sorts: a comparison by pointer that the library calls, and a sort of its own. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 200000

static uint32_t words[COUNT], others[COUNT];

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void quick(uint32_t *from, long low, long high) {
    while (low < high) {
        uint32_t pivot = from[(low + high) / 2];
        long i = low, j = high;
        while (i <= j) {
            while (from[i] < pivot)
                i++;
            while (from[j] > pivot)
                j--;
            if (i <= j) {
                uint32_t kept = from[i];
                from[i++] = from[j];
                from[j--] = kept;
            }
        }
        quick(from, low, j);
        low = i;
    }
}

int main(void) {
    uint32_t sum = 0, state = 1;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++)
            words[i] = others[i] = state = state * 1664525 + 1013904223;
        quick(words, 0, COUNT - 1);
        qsort(others, COUNT, sizeof *others, compare);
        for (int i = 0; i < COUNT; i++) {
            if (words[i] != others[i])
                return 1;
            sum = sum * 31 + words[i];
        }
    }
    printf("%u\n", sum);
    return 0;
}
