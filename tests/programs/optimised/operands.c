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

/* `n` is the result of each call in turn, all in one place of the operand stack, and one location says so for all. */
__attribute__((noinline)) int repeat(int n) {
  n = use(n);
  n = use(n); // n is 8
  n = use(n); // n is 10
  return n;   // n is 12
}

int main(int argc, char **argv) {
  int before = compute(argc + 6, argc + 1);
  return repeat(6) - before - 5;
}
