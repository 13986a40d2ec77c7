int calls;

static int square(int n) {
    calls++;
    return n * n;
}

int main(void) {
    int sum = 0;
    for (int i = 1; i < 4; i++)
        sum += square(i);
    if (calls == 3)
        __builtin_trap();
    return sum;
}
