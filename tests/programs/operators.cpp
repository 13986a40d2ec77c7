// Operators: arithmetic, comparison, index, call, conversion, increment, assignment, a smart pointer.
#include <cstdio>

class Fraction {
    int over, under;
    static int divisor(int a, int b) { return b ? divisor(b, a % b) : a; }

public:
    Fraction(int over, int under = 1) : over(over), under(under) {
        int common = divisor(over < 0 ? -over : over, under);
        this->over /= common;
        this->under /= common;
    }
    friend Fraction operator+(Fraction a, Fraction b) { return {a.over * b.under + b.over * a.under, a.under * b.under}; }
    Fraction operator*(const Fraction &by) const { return {over * by.over, under * by.under}; }
    Fraction operator-() const { return {-over, under}; }
    Fraction &operator+=(const Fraction &other) { return *this = *this + other; }
    bool operator<(const Fraction &other) const { return over * other.under < other.over * under; }
    bool operator==(const Fraction &other) const { return over == other.over && under == other.under; }
    explicit operator double() const { return double(over) / under; }
    Fraction &operator++() {
        over += under;
        return *this;
    }
    Fraction operator++(int) {
        Fraction before = *this;
        ++*this;
        return before;
    }
};

struct Polynomial {
    int factors[3];
    int &operator[](int index) { return factors[index]; }
    int operator()(int x) const {
        int value = 0;
        for (int i = 2; i >= 0; i--)
            value = value * x + factors[i];
        return value;
    }
};

struct Handle {
    Polynomial *target;
    Polynomial *operator->() const { return target; }
    Polynomial &operator*() const { return *target; }
};

int main() {
    Fraction half(1, 2), third(2, 6);
    Fraction sum = half + third;
    sum += -third * 3;
    std::printf("sum %.4f, less %d, same %d\n", double(sum), third < half, third == Fraction(1, 3));
    Fraction before = half++;
    std::printf("%.1f %.1f\n", double(before), double(++half));
    Polynomial polynomial = {{1, 2, 3}};
    polynomial[0] = 5;
    Handle handle = {&polynomial};
    handle->factors[1]--;
    int value = (*handle)(10);
    std::printf("value %d\n", value);
    return 0;
}
