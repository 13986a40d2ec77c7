// Templates: functions, classes, values as parameters, specialisation, variadic ones, a template in a template.
#include <cstdio>

template <typename T> T largest(T a, T b) {
    T best = a < b ? b : a;
    return best;
}

template <typename T, int N> class Stack {
    T items[N] = {};
    int depth = 0;

public:
    bool push(T item) {
        if (depth == N)
            return false;
        items[depth++] = item;
        return true;
    }
    T pop() { return items[--depth]; }
    int size() const { return depth; }
};

template <typename A, typename B> struct Pair {
    A first;
    B second;
    Pair<B, A> swapped() const { return {second, first}; }
};

template <typename T> struct Describe {
    static const char *name() { return "thing"; }
};
template <> struct Describe<double> {
    static const char *name() { return "real"; }
};

inline int sum() { return 0; }
template <typename First, typename... Rest> int sum(First first, Rest... rest) {
    int others = sum(rest...);
    return static_cast<int>(first) + others;
}

template <int N> struct Factorial {
    enum { value = N * Factorial<N - 1>::value };
};
template <> struct Factorial<0> {
    enum { value = 1 };
};

template <typename T> int counted() {
    static int calls = 0;
    return ++calls;
}

int main() {
    int whole = largest(3, 8);
    double real = largest(2.5, -1.0);
    std::printf("%d %.1f %c\n", whole, real, largest('a', 'z'));
    Stack<int, 2> stack;
    stack.push(10);
    stack.push(20);
    bool fits = stack.push(30);
    int top = stack.pop();
    std::printf("fits %d top %d size %d\n", fits, top, stack.size());
    Pair<char, short> pair = {'p', 500};
    Pair<short, char> other = pair.swapped();
    std::printf("%d %c %s %s\n", other.first, other.second, Describe<int>::name(), Describe<double>::name());
    counted<int>();
    counted<char>();
    std::printf("sum %d factorial %d counted %d\n", sum(1, 2.9, 'A'), int(Factorial<6>::value), counted<int>());
    return 0;
}
