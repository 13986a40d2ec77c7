// Files, input, clocks and random numbers; it ends in a trap.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct reading {
    unsigned value;
    struct reading *next;
};

static struct reading *readings;
static unsigned count, checksum;
static char line[64];
static long long seconds;

static void add(unsigned value) {
    struct reading *reading = malloc(sizeof *reading);
    reading->value = value;
    reading->next = readings;
    readings = reading;
    count++;
    checksum = checksum * 31 + value;
}

static void from_random(void) {
    unsigned char bytes[4];
    getentropy(bytes, sizeof bytes);
    for (int i = 0; i < 4; i++)
        add(bytes[i]);
}

static void from_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seconds = now.tv_sec;
    add((unsigned)now.tv_nsec % 1000);
}

static void from_file(const char *name) {
    FILE *file = fopen(name, "r");
    if (!file)
        return;
    while (fgets(line, sizeof line, file))
        add((unsigned)strlen(line));
    fclose(file);
}

static unsigned sum(const struct reading *at) {
    unsigned all = 0;
    for (; at; at = at->next) {
        all += at->value;
        if (at->value == 4096)
            break;
    }
    return all;
}

int main(void) {
    while (fgets(line, sizeof line, stdin))
        add((unsigned)strlen(line));
    from_random();
    from_clock();
    from_file("numbers.txt");
    printf("%u readings, %u, %u\n", count, sum(readings), checksum);
    fflush(stdout);
    readings->next->next = (struct reading *)-16;
    return (int)sum(readings);
}
