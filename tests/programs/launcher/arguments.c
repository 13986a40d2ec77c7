// Says what it was started with, and what it reads first.
#include <stdio.h>

static int input(int argc, char **argv) {
    return getchar();
}

int main(int argc, char **argv) {
    return input(argc, argv);
}
