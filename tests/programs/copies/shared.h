#pragma once
struct Cell {
    int value;
    int doubled() const {
        int twice = value * 2;
        return twice;
    }
};
template <typename T> T largest(T a, T b) {
    T result = a > b ? a : b;
    return result;
}
int other(int start);
