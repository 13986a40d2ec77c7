// Reads far past the end of an array: past the end of the memory. (Native: a segmentation fault.)
#include <stdio.h>

static int items[4] = {1, 2, 3, 4};

static int item(unsigned index) {
    volatile int *at = items;
    return at[index]; // traps
}

int main(void) {
    printf("inside %d\n", item(3));
    fflush(stdout);
    int lost = item(0x30000000);
    return lost;
}
// report: -O0 -g
// report: -O2 -g
// report: -O0
