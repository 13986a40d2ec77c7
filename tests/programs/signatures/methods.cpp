// Methods whose results gdb would look for where they are not.
struct Pair { int first, second; };
struct Only { int only; };

struct Part {
  int count;
  Part(int count) : count(count) {}
  Part(const Part &part) : count(part.count) {}
  ~Part() {}
  Part twice() const { return Part(count * 2); }
  Pair both(int more) const { return {count, more}; }
  static Pair made(int more) { return {more, more}; }
  static Pair none() { return {1, 2}; }
  int several(int more) { return count + more; }
  Pair several(int more, int most) { return {more, most}; }
  Only alone(int more) { return {more}; }
  long double wide() { return count; }
};

int main() {
  Part part(4);
  Pair pair = part.both(1);
  int all = part.twice().count + Part::made(1).first + Part::none().first + part.several(1);
  all += part.several(1, 2).first + part.alone(1).only + (int)part.wide();
  all += pair.first;
  return all == 0;
}
