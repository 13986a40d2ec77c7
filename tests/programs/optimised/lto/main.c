#include <stdio.h>
#include <stdlib.h>
#include "item.h"
#ifdef ONE_UNIT
#include "total.c"
#endif

int main(int argc, char **argv) {
    struct item *items = malloc(3 * sizeof *items);
    for (int i = 0; i < 3; i++)
        items[i] = (struct item){10 * i + argc, i ? &items[i - 1] : NULL};
    int n = total(&items[2], argv[0]);
    printf("%d\n", n);
    free(items);
    return 0;
}
