// An assertion that does not hold.
#include <assert.h>

static int half(int even) {
    assert(even % 2 == 0);
    return even / 2;
}

int main(int argc, char **argv) {
    return half(argc + 2);
}
// report: -O0 -g
