// Functions that return in memory, or are virtual: their signatures are the source's, and nobody calls them wrongly.
#include <string>

struct Rows {
    int rows[8];
};

struct Pair {
    int first, second;
};

struct Alone {
    int only;
};

namespace shop {
typedef Pair Price;
Price price(int n) { return {n, n + 1}; }
} // namespace shop

static Rows make_rows(int n) { return {{n, n + 1}}; }
static Pair make_pair(int n) { return {n, -n}; }
static Alone make_alone(int n) { return {n}; }
static long double make_wide(int n) { return n; }
static std::string make_text(int n) { return std::string(n, 'x'); }

struct Shape {
    int side;
    virtual int area(int by) { return side * by; }
    Pair both() { return {side, side}; }
    int plain(int more) { return side + more; }
};

struct Square : Shape {
    int area(int by) override { return side * side * by; }
};

template <typename T> int next_id() {
    static int id = sizeof(T) * 1000;
    return ++id;
}

int main() {
    Rows rows = make_rows(6);
    Pair pair = make_pair(4);
    Alone alone = make_alone(3);
    Pair price = shop::price(2);
    long double wide = make_wide(5);
    std::string text = make_text(3);
    Square square;
    square.side = 3;
    Shape *shape = &square;
    int sum = shape->area(2) + shape->both().first + shape->plain(1);
    sum += next_id<int>();
    return sum == rows.rows[1] + alone.only + price.second + (int)wide + (int)text.size() + pair.first;
}
