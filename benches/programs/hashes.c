/* Counts words in a hash table: loads that depend on each other, and cache misses. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (1 << 17)

struct slot {
    uint64_t key;
    uint32_t count, used;
};

static struct slot *slots;

static struct slot *find(uint64_t key) {
    uint64_t hash = key * 0x9e3779b97f4a7c15u;
    size_t at = hash >> 47;
    while (slots[at].used && slots[at].key != key)
        at = (at + 1) & (SLOTS - 1);
    return &slots[at];
}

int main(void) {
    uint64_t state = 88172645463325252u, most = 0;
    slots = calloc(SLOTS, sizeof *slots);
    for (int i = 0; i < 6000000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        struct slot *slot = find(state % 65521);
        slot->used = 1;
        slot->key = state % 65521;
        slot->count++;
        if (slot->count > most)
            most = slot->count;
    }
    printf("%llu\n", (unsigned long long)most);
    return 0;
}
