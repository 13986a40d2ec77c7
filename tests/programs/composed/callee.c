// The component that is called.
static int calls;
static char heap[1024];
static unsigned used;

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, unsigned old_size, unsigned align, unsigned size)
{
  used = (used + align - 1) / align * align;
  used += size;
  return heap + used - size;
}

__attribute__((export_name("add"))) int add(int a, int b)
{
  int sum = a + b;
  calls++;
  return sum;
}

__attribute__((export_name("length"))) unsigned length(const char *text, unsigned size)
{
  unsigned count = 0;
  while (count < size && text[count])
    count++;
  calls++;
  return count;
}
