// Nested scopes: the same name means another variable in every block.
#include <stdio.h>

static int depth = 1;
int value = 1000;

static int shadowed(int value) {
    int before = value;
    {
        int value = before * 2;
        before += value;
        {
            int value = before * 3;
            before += value;
        }
        before += value;
    }
    return before + value;
}

static int loops(void) {
    int total = 0;
    for (int i = 0; i < 3; i++) {
        int square = i * i;
        for (int i = 0; i < 2; i++) {
            int inner = square + i;
            total += inner;
        }
        total += square;
    }
    return total;
}

static int branches(int which) {
    int result;
    if (which > 0) {
        int depth = which * 10;
        result = depth;
    } else {
        char depth = 'd';
        result = depth;
    }
    result += depth;
    return result;
}

int main(void) {
    int first = shadowed(2);
    printf("shadowed %d\n", first);
    int second = loops();
    printf("loops %d\n", second);
    printf("branches %d %d\n", branches(4), branches(-4));
    {
        extern int value;
        value += first;
        int second = value;
        printf("inner second %d\n", second);
    }
    printf("outer second %d\n", second);
    return 0;
}
