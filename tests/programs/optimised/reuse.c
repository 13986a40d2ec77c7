// Parameters in locals that the compiler uses again once the source needs them no longer.
#include <stdio.h>

struct parcel {
    int weight;
    int price;
    char name[8];
};

__attribute__((noinline)) void post(struct parcel *parcel, int rate) {
    printf("%d %d %s\n", parcel->weight & 127, parcel->price * rate, parcel->name);
    printf("%lld %d %s\n", (long long)parcel->price, parcel->weight >> 3, parcel->name);
    int sum = parcel->weight + parcel->price;
    int rest = sum % 10;
    printf("%d\n", rest);
    *(volatile int *)(0x7ff00000) = rest;
}

int main(int argc, char **argv) {
    struct parcel parcel = {argc * 260, argc * 7, "bolt"};
    post(&parcel, 2);
    return 0;
}
