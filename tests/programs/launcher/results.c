// Functions that take a structure by value, which gdb does not pass as WebAssembly does, and what they return.
struct pair { int first, second; };
static int difference(struct pair pair, int less) { return pair.first - less; }
static double half(struct pair pair) { return pair.first + 0.5; }
static const char *text(struct pair pair) { return pair.first ? "yes" : "no"; }
static long long wide(struct pair pair) { return -(1LL << 40); }
static int plain(int number) { return number + 1; }

int main(void) {
    struct pair pair = {1, 2};
    int all = difference(pair, 3);
    all += (int)half(pair);
    all += text(pair)[0];
    all += (int)wide(pair);
    all += plain(2);
    return all == 0;
}
