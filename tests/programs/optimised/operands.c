/* With -O2, `product` and `third` are never in a local: they stay on the operand stack. */
volatile int sink;

__attribute__((noinline)) int use(int n) { return n + sink; }

__attribute__((noinline)) int compute(int a, int b) {
  int product = a * b;
  sink = 1;
  int sum = use(product); // product
  int third = sum / 3;
  sink = 2;
  return use(third); // third
}

int main(int argc, char **argv) { return compute(argc + 6, argc + 1) - 7; }
