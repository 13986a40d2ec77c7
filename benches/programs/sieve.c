/* Counts primes: loads and stores of bytes, in long strides. */
#include <stdio.h>
#include <string.h>

#define LIMIT 5000000

static unsigned char composite[LIMIT];

int main(void) {
    int primes = 0;
    for (int round = 0; round < 30; round++) {
        memset(composite, 0, sizeof composite);
        primes = 0;
        for (int i = 2; i < LIMIT; i++) {
            if (composite[i])
                continue;
            primes++;
            for (int j = 2 * i; j < LIMIT; j += i)
                composite[j] = 1;
        }
    }
    printf("%d\n", primes);
    return primes != 348513;
}
