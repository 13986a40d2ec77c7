// The element before a null pointer.
#include <stddef.h>

static int before(const int *numbers) {
    return numbers[-1];
}

int main(void) {
    const int *volatile nothing = NULL;
    return before(nothing);
}
// report: -O0 -g
