// Lambdas: captures by value, by reference, of this, mutable, generic, as arguments, as function pointers.
#include <cstdio>

template <typename Visit> static int each(const int *items, int count, Visit visit) {
    int last = 0;
    for (int i = 0; i < count; i++)
        last = visit(items[i]);
    return last;
}

struct Scale {
    int factor;
    int apply(const int *items, int count) const {
        int total = 0;
        each(items, count, [this, &total](int item) {
            total += item * factor;
            return total;
        });
        return total;
    }
};

static int calls;

static int through(int (*function)(int), int argument) {
    calls++;
    return function(argument);
}

static auto adder(int amount) {
    return [amount](int to) { return to + amount; };
}

int main() {
    const int items[] = {2, 7, 1, 8};
    int total = 0, limit = 5;
    each(items, 4, [&total, limit](int item) {
        if (item > limit)
            total += item;
        return total;
    });
    std::printf("above %d: %d\n", limit, total);
    int last = each(items, 4, [count = 0](int item) mutable {
        count++;
        return count * item;
    });
    std::printf("last %d\n", last);
    Scale scale = {3};
    std::printf("scaled %d\n", scale.apply(items, 4));
    auto largest = [](auto a, auto b) { return a < b ? b : a; };
    std::printf("largest %d %.1f\n", largest(4, 6), largest(0.5, 0.25));
    auto add = adder(100);
    int added = add(11);
    int squared = through([](int n) { return n * n; }, 12);
    std::printf("added %d squared %d calls %d\n", added, squared, calls);
    return 0;
}
