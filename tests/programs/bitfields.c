// Bit fields: signed, unsigned, unnamed, next to plain members, packed into a date.
#include <stdio.h>

struct date {
    unsigned day : 5;
    unsigned month : 4;
    unsigned year : 12;
};

struct flags {
    unsigned char ready : 1;
    unsigned char mode : 3;
    unsigned char : 2;
    unsigned char last : 2;
    unsigned char plain;
};

struct mixed {
    int small : 4;
    int large : 20;
    unsigned after : 8;
    long long wide : 40;
};

static struct flags state = {1, 5, 2, 200};

static struct date tomorrow(struct date date) {
    date.day++;
    if (date.day > 30) {
        date.day = 1;
        date.month++;
    }
    return date;
}

static int spread(struct mixed mixed) {
    int total = mixed.small + mixed.large;
    total += (int)mixed.after;
    return total;
}

int main(void) {
    struct date today = {30, 11, 2026};
    struct date next = tomorrow(today);
    printf("%u.%u.%u\n", next.day, next.month, next.year);
    struct mixed mixed = {-8, -500000, 255, -549755813888LL};
    printf("spread %d\n", spread(mixed));
    mixed.small = 7;
    mixed.large += 500001;
    mixed.wide /= 1024;
    printf("small %d large %d after %u wide %lld\n", mixed.small, mixed.large, mixed.after, (long long)mixed.wide);
    state.ready = 0;
    state.mode = 7;
    state.last = 3;
    printf("ready %d mode %d last %d plain %d\n", state.ready, state.mode, state.last, state.plain);
    return 0;
}
