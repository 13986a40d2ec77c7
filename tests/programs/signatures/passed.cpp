// Functions whose arguments WebAssembly passes in another way than the host, and others beside them.
#include <stdarg.h>

struct Pair { int first, second; };
struct Only { int value; };
struct Owner { int value; Owner(int value) : value(value) {} ~Owner() {} };
union Either { int number; float real; };

int sum_of(Pair pair) { return pair.first * 10 + pair.second; }
int value_of(Only only) { return only.value; }
int owned_of(Owner owner) { return owner.value; }
int either_of(Either either) { return either.number; }
int reference_of(const Pair &pair) { return pair.second; }
int several_of(int count, ...) {
  va_list list;
  va_start(list, count);
  int total = 0;
  for (int i = 0; i < count; i++)
    total += va_arg(list, int);
  va_end(list);
  return total;
}
// The first half of the last is in the last register, the second is not.
int late_of(int a, int b, int c, int d, int e, long double wide) { return a + (int)wide; }
int early_of(int a, int b, int c, int d, long double wide) { return a + (int)wide; }
extern "C" int first_of(Pair pair) { return pair.first; }
namespace shop { int price_of(Pair pair) { return pair.first; } }
namespace shop { struct Price { int pence, pounds; }; int only_of(const Price price) { return price.pence; } }

struct Counter {
  int count;
  int add(Pair pair) { return count + pair.first; }
  int more(int by) { return count + by; }
  int any(int first, ...) { return count + first; }
  static int both(Pair pair) { return pair.first + pair.second; }
  int beside(const Pair &pair) { return count + pair.second; }
  int through(Pair *pair) { return count + pair->second; }
};

int main() {
  Pair pair = {4, 5};
  Only only = {3};
  Owner owner(6);
  Either other = {7};
  Counter counter = {10};
  long double wide = 2.5L;
  shop::Price price = {7, 1};
  int all = sum_of(pair) + value_of(only) + owned_of(owner) + either_of(other) + reference_of(pair) + several_of(2, 3, 4);
  all += late_of(1, 2, 3, 4, 5, wide) + early_of(1, 2, 3, 4, wide) + first_of(pair) + shop::price_of(pair);
  all += shop::only_of(price) + counter.add(pair) + counter.more(1) + counter.any(1, 2) + Counter::both(pair) + counter.beside(pair) + counter.through(&pair);
  return all == 0;
}
