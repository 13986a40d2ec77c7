/* Hashes a message: rotations, and arrays that are indexed by the round. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t constants[64];

static uint32_t rotate(uint32_t word, int by) { return word >> by | word << (32 - by); }

/* The first bits of the cube roots of the first primes, by integers alone. */
static void make_constants(void) {
    int found = 0;
    for (uint64_t prime = 2; found < 64; prime++) {
        int divided = 0;
        for (uint64_t by = 2; by * by <= prime; by++)
            divided |= prime % by == 0;
        if (divided)
            continue;
        unsigned __int128 root = 0, cube = (unsigned __int128)prime << 96;
        for (int bit = 35; bit >= 0; bit--) {
            unsigned __int128 tried = root | (unsigned __int128)1 << bit;
            if (tried * tried * tried <= cube)
                root = tried;
        }
        constants[found++] = (uint32_t)root;
    }
}

static void block(uint32_t *state, const unsigned char *bytes) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)bytes[4 * i] << 24 | bytes[4 * i + 1] << 16 | bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t low = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t high = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t high = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
        uint32_t first = s[7] + high + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
        uint32_t low = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
        uint32_t second = low + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += first;
        s[0] = first + second;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

int main(void) {
    uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    unsigned char bytes[64];
    make_constants();
    for (int i = 0; i < 64; i++)
        bytes[i] = (unsigned char)(i * 37);
    for (int i = 0; i < 60000; i++) {
        block(state, bytes);
        bytes[i % 64] ^= (unsigned char)state[0];
    }
    printf("%08x %08x %08x\n", constants[0], constants[63], state[7]);
    return 0;
}
