#include "shared.h"
static int behind(int n) {
    int made = n + 3;
    return made;
}
int other(int start) {
    Cell cell{behind(start)};
    int sum = cell.doubled();
    sum = largest(sum, 7);
    return sum;
}
