/* Tests numbers for primality: 64-bit multiplication and division. */
#include <stdint.h>
#include <stdio.h>

static uint64_t power(uint64_t base, uint64_t by, uint64_t modulus) {
    uint64_t product = 1;
    for (base %= modulus; by; by >>= 1) {
        if (by & 1)
            product = product * base % modulus;
        base = base * base % modulus;
    }
    return product;
}

static int is_prime(uint64_t number) {
    uint64_t odd = number - 1;
    int twos = 0;
    for (; odd % 2 == 0; odd /= 2)
        twos++;
    for (uint64_t base = 2; base <= 7; base += base == 2 ? 1 : 2) {
        uint64_t value = power(base, odd, number);
        int witness = value != 1 && value != number - 1;
        for (int i = 1; witness && i < twos; i++) {
            value = value * value % number;
            witness = value != number - 1;
        }
        if (witness)
            return 0;
    }
    return 1;
}

int main(void) {
    int count = 0;
    for (uint64_t number = 1000000001; number < 1000200001; number += 2)
        count += is_prime(number);
    printf("%d\n", count);
    return 0;
}
