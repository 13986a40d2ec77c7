// References: parameters, members, results, to arrays, to const, rvalue references, to pointers.
#include <cstdio>

struct Point {
    int x, y;
    int &largest() { return x > y ? x : y; }
};

struct View {
    const Point &point;
    int &counter;
    int look() const {
        counter++;
        return point.x + point.y;
    }
};

static int looks;

static void swap(int &a, int &b) {
    int kept = a;
    a = b;
    b = kept;
}

static int sum(const int (&items)[4]) {
    int total = 0;
    for (const int &item : items)
        total += item;
    return total;
}

static void advance(const char *&text) { ++text; }

static int consume(Point &&point) {
    point.x = -point.x;
    return point.x;
}

static const double &shorter(const double &a, const double &b) { return a < b ? a : b; }

int main() {
    int one = 1, two = 2;
    swap(one, two);
    int &alias = one;
    alias += 40;
    std::printf("%d %d\n", one, two);
    Point point = {3, 9};
    point.largest() = 0;
    View view = {point, looks};
    int seen = view.look();
    point.x = 30;
    seen += view.look();
    std::printf("seen %d looks %d\n", seen, looks);
    int items[4] = {1, 2, 3, 4};
    for (int &item : items)
        item *= item;
    std::printf("sum %d\n", sum(items));
    const char *text = "reference";
    advance(text);
    advance(text);
    double wide = 2.5, narrow = 1.25;
    const double &less = shorter(wide, narrow);
    narrow = 0.5;
    std::printf("%s %.2f %d\n", text, less, consume(Point{8, 1}));
    return 0;
}
