#include "shared.h"
#include <stdio.h>
static int before(int n) {
    int made = n + 1;
    return made;
}
int main() {
    Cell cell{before(3)};
    int first = cell.doubled();
    int second = largest(first, 5);
    printf("%d %d %d\n", first, second, other(second));
}
