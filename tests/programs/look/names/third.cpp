extern "C" {
#include "names.h"
}

namespace left {
int tally = 31;
static int hidden = 32;
} // namespace left

namespace right {
int tally = 41;
static int hidden = 42;
} // namespace right

namespace {
int tally = 51;
}

struct Plus {
    static int tally;
    int get() {
        static int calls = 500;
        calls++;
        return calls + tally; // stop
        //= calls -> 501
        //= tally -> 61
    }
};

struct Minus {
    static int tally;
    static inline int optind = 62;
    int get() {
        static int calls = 600;
        calls--;
        return calls + tally + optind; // stop
        //= calls -> 599
        //= tally -> 71
        //= optind -> 62
    }
};

int Plus::tally = 61;
int Minus::tally = 71;

template <typename T> int next() {
    static int last = sizeof(T) * 1000;
    last++;
    return last;
}

inline int shared() {
    static int tally = 300;
    tally++;
    return tally; // stop
    //= tally -> 301
    //= ::left::tally -> 31
}

int from_third(void) {
    Plus plus;
    Minus minus;
    int sum = plus.get();
    sum += minus.get();
    sum += shared() + next<int>() + next<char>();
    sum += left::tally + right::tally + left::hidden + right::hidden;
    return sum + tally; // stop
    //gdb= tally -> 51
    //= left::tally -> 31
    //= right::tally -> 41
    //= left::hidden -> 32
    //= right::hidden -> 42
    //= Plus::tally -> 61
    //= Minus::tally -> 71
    //= plus.tally -> 61
    //= Minus::optind -> 62
    //= daylight -> 111
    //= &left::tally != &right::tally -> 1
    //gdb= 'next<int>()::last' -> 4001
    //gdb= 'next<char>()::last' -> 1001
}
