/* Compresses and expands a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zlib.h"

#define LENGTH 400000

int main(void) {
    unsigned char *text = malloc(LENGTH), *packed = malloc(LENGTH), *again = malloc(LENGTH);
    unsigned state = 1;
    for (int i = 0; i < LENGTH; i++) {
        state = state * 1664525 + 1013904223;
        text[i] = i > 1000 && state >> 29 ? text[i - 800 - (i >> 8) % 100] : (unsigned char)('a' + (state >> 20) % 26);
    }
    for (int level = 1; level <= 9; level += 4) {
        uLongf length = LENGTH, expanded = LENGTH;
        if (compress2(packed, &length, text, LENGTH, level) || uncompress(again, &expanded, packed, length))
            return 1;
        if (expanded != LENGTH || memcmp(text, again, LENGTH))
            return 2;
        printf("%d %lu %08lx\n", level, (unsigned long)length, crc32(0, packed, (uInt)length));
    }
    return 0;
}
