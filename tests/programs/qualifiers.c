// const, volatile and restrict, _Bool, every width of integer, character types, limits.
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static const int fixed = 12;
static volatile unsigned ticks = 5;
static const volatile uint8_t port = 0xa5;
static const char *const greeting = "hello";
static bool enabled = true;

struct widths {
    int8_t i8;
    uint8_t u8;
    int16_t i16;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
};

static unsigned wait(volatile unsigned *counter, const unsigned until) {
    unsigned rounds = 0;
    while (*counter < until) {
        ++*counter;
        rounds++;
    }
    return rounds;
}

static void copy(char *restrict to, const char *restrict from, const int limit) {
    int i = 0;
    for (; from[i] && i < limit - 1; i++)
        to[i] = from[i];
    to[i] = '\0';
}

static struct widths extremes(bool high) {
    struct widths low = {INT8_MIN, 0, INT16_MIN, 0, INT32_MIN, 0, INT64_MIN, 0};
    struct widths top = {INT8_MAX, UINT8_MAX, INT16_MAX, UINT16_MAX, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
    return high ? top : low;
}

int main(void) {
    unsigned rounds = wait(&ticks, 9);
    printf("rounds %u ticks %u\n", rounds, ticks);
    char text[4];
    copy(text, greeting, sizeof text);
    printf("%s\n", text);
    struct widths low = extremes(false), high = extremes(true);
    printf("%d %d %d %lld\n", low.i8, low.i16, (int)low.i32, (long long)low.i64);
    printf("%d %d %u %llu\n", high.u8, high.u16, (unsigned)high.u32, (unsigned long long)high.u64);
    const bool wrapped = (uint8_t)(high.u8 + 1) == 0;
    enabled = !wrapped;
    signed char negative = (signed char)(port - 256);
    printf("%d %d %d %d\n", wrapped, enabled, negative, fixed);
    return 0;
}
