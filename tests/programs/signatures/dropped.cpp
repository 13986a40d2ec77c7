// Variables that nothing refers to, which wasm-ld drops. libc has a `daylight` and an `optind`, too.
int daylight = 6;
int limit = 100;
const char *optind = "gone";
thread_local int own = 3;

namespace shop {
int sold = 1;
int kept = 5;
} // namespace shop

struct Counter {
    static int dropped;
    static const int constant = 4;
    static inline int fresh = 8;
};
int Counter::dropped = 3;

template <class T> struct Holder {
    static T value;
};
template <class T> T Holder<T>::value = T(7);
template int Holder<int>::value;

inline int choose(bool first) {
    static int unused = 9;
    static const int table[] = {1, 2, 3};
    return first ? 0 : 1;
}

int main() {
    Counter counter;
    return choose(true) + shop::kept - 5;
}
