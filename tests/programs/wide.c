// 64-bit integers: arithmetic, shifts, comparison, wrap-around, a generator, as parameters and results.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t seed = 0x9e3779b97f4a7c15u;
static int64_t lowest = INT64_MAX;

static uint64_t next(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t power(uint64_t base, unsigned exponent, uint64_t modulus) {
    uint64_t result = 1;
    while (exponent) {
        if (exponent & 1)
            result = result * base % modulus;
        base = base * base % modulus;
        exponent >>= 1;
    }
    return result;
}

static int64_t mixed(int8_t small, int64_t large, uint16_t middle) {
    int64_t sum = large + small;
    sum -= middle;
    if (sum < lowest)
        lowest = sum;
    return sum;
}

static int compare(int64_t a, int64_t b) {
    if (a < b)
        return -1;
    return a > b;
}

int main(void) {
    uint64_t first = next(), second = next();
    printf("%016" PRIx64 " %016" PRIx64 "\n", first, second);
    printf("power %" PRIu64 "\n", power(3, 40, 1000000007));
    int64_t sum = mixed(-128, INT64_C(5000000000), 65535);
    printf("mixed %" PRId64 ", lowest %" PRId64 "\n", sum, lowest);
    uint64_t wrapped = UINT64_MAX;
    wrapped += 2;
    uint32_t low = (uint32_t)second, high = (uint32_t)(second >> 32);
    printf("wrapped %" PRIu64 ", halves %08" PRIx32 " %08" PRIx32 "\n", wrapped, high, low);
    printf("compare %d %d %d\n", compare(-1, 1), compare(INT64_MIN, INT64_MIN), compare(sum, -sum));
    int64_t quotient = INT64_MIN / 10, remainder = INT64_MIN % 10;
    printf("%" PRId64 " rest %" PRId64 "\n", quotient, remainder);
    return 0;
}
