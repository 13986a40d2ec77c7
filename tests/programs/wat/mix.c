typedef int int4 __attribute__((vector_size(16)));

__attribute__((noinline)) int4 mix(int4 a, int4 b, int by) {
    return (a + b) * by;
}

int main(void) {
    int4 v = {1, 2, 3, 4};
    int4 w = mix(v, v, 2);
    return w[3] != 16;
}
