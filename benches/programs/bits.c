/* Counts bits: what processors have instructions for, some of them newer than others. */
#include <stdint.h>
#include <stdio.h>

int main(void) {
    uint64_t state = 1, ones = 0, zeros = 0, turned = 0;
    for (int i = 0; i < 30000000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        ones += (uint64_t)__builtin_popcountll(state);
        zeros += (uint64_t)__builtin_clzll(state | 1) + (uint64_t)__builtin_ctzll(state | 1ull << 63);
        turned += __builtin_rotateleft64(state, state & 63) & ~(state << 3);
    }
    printf("%llu %llu %llu\n", (unsigned long long)ones, (unsigned long long)zeros, (unsigned long long)turned);
    return 0;
}
