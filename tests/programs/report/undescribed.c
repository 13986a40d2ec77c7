// A function without debug info traps for what it is given.
__attribute__((nodebug, noinline)) static void store(volatile int *w) {
    *w = 1; // traps
}

int main(int argc, char **argv) {
    int number = 0, *pointer = &number;
    if (argc < 9)
        pointer = (int *)0x7fff0000;
    store(pointer);
    return number;
}
// report: -O0 -g
