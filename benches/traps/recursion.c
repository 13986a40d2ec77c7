// Traps twenty calls deep. Compile with -O1 -g -fno-optimize-sibling-calls.
static volatile int zero;

__attribute__((noinline)) static int down(int n) {
    if (n == 0)
        __builtin_trap();
    return down(n - 1) + n + zero;
}

int main(void) {
    return down(18);
}
