// What WebAssembly passes in another way than the host, in C.
#include <stdarg.h>

struct pair { int first, second; };

int first_of(const struct pair pair, int more) { return pair.first + more; }
int many(int count, ...) {
  va_list list;
  va_start(list, count);
  int total = 0;
  while (count--)
    total += va_arg(list, int);
  va_end(list);
  return total;
}
int whole(long double number) { return (int)number; }
int add(int first, int second) { return first + second; }

int main(void) {
  struct pair pair = {4, 5};
  int all = 0;

  all += first_of(pair, 3);
  all += many(2, 3, 4) + whole(2.5L) + add(1, 2);
  return all == 0;
}
