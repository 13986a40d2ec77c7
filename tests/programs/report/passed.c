// A function of the C library traps for what it is given: that is named as the program calls it.
#include <string.h>

struct point {
    int x, y;
};

static void copy(struct point *into, const struct point *from) {
    memcpy(into, from, sizeof *into * 40); // traps
}

int main(int argc, char **argv) {
    struct point origin[40] = {{1, 2}};
    struct point *other = (struct point *)0x7fff0000;
    copy(argc > 9 ? origin : other, origin);
    return 0;
}
// report: -O0 -g
// report: -O2 -g
