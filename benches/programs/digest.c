/* Mixes words as hash functions do: integer arithmetic in local variables. */
#include <stdint.h>
#include <stdio.h>

static uint32_t rotate(uint32_t word, int by) { return word << by | word >> (32 - by); }

static void quarter(uint32_t *s, int a, int b, int c, int d) {
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

int main(void) {
    uint32_t state[16];
    for (int i = 0; i < 16; i++)
        state[i] = 0x9e3779b9u * (uint32_t)(i + 1);
    for (int round = 0; round < 8000000; round++)
        for (int lane = 0; lane < 4; lane++)
            if (round % 2)
                quarter(state, lane, 4 + (lane + 1) % 4, 8 + (lane + 2) % 4, 12 + (lane + 3) % 4);
            else
                quarter(state, lane, 4 + lane, 8 + lane, 12 + lane);
    printf("%08x\n", state[0]);
    return 0;
}
