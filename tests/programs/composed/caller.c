// The component that calls.
__attribute__((import_module("callee"), import_name("add"))) int callee_add(int a, int b);
__attribute__((import_module("callee"), import_name("length"))) unsigned callee_length(const char *text, unsigned size);

static char greeting[] = "good day";

static int both(int first)
{
  int second = callee_add(first, 2);
  unsigned count = callee_length(greeting, sizeof greeting - 1);
  return second + (int)count;
}

__attribute__((export_name("run"))) int run(void)
{
  int all = both(40);
  return all != 50;
}
