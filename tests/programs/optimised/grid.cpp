// Templates over sizes, iterators of the program's own, bit-fields and pairs, for optimised builds.
#include <cstdint>
#include <cstdio>
#include <tuple>
#include <utility>

template <int W, int H> struct Grid {
    int16_t cells[H][W];

    struct Iterator {
        const Grid *grid;
        int x, y;
        int16_t operator*() const { return grid->cells[y][x]; }
        Iterator &operator++() {
            if (++x == W) {
                x = 0;
                ++y;
            }
            return *this;
        }
        bool operator!=(const Iterator &other) const { return x != other.x || y != other.y; }
    };

    Iterator begin() const { return {this, 0, 0}; }
    Iterator end() const { return {this, 0, H}; }
};

struct Flags {
    unsigned low : 3;
    unsigned high : 5;
    int sign : 2;
};

template <int W, int H> __attribute__((noinline)) std::pair<int, int> extremes(const Grid<W, H> &grid) {
    int least = INT16_MAX, most = INT16_MIN;
    for (int16_t cell : grid) {
        int value = cell;
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    return {least, most};
}

__attribute__((noinline)) static Flags flags_of(int number) {
    Flags flags{};
    flags.low = number & 7;
    flags.high = (number >> 3) & 31;
    flags.sign = number < 0 ? -1 : 1;
    return flags;
}

__attribute__((noinline)) static std::tuple<int64_t, uint8_t, bool> mixed(int64_t start, uint8_t step) {
    int64_t value = start;
    uint8_t rest = 0;
    for (int i = 0; i < 5; ++i) {
        value = value * 3 - step;
        rest += (uint8_t)value;
    }
    return {value, rest, value < 0};
}

int main() {
    Grid<3, 2> small{{{4, -7, 12}, {9, 0, 5}}};
    auto [least, most] = extremes(small);
    Flags flags = flags_of(least);
    auto [value, rest, negative] = mixed(-1234567890123, 200);
    printf("%d %d %u %u %d %lld %u %d\n", least, most, flags.low, flags.high, flags.sign, (long long)value, rest, negative);
    return 0;
}
