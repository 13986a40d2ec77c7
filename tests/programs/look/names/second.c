#include "names.h"

static int tally = 2;
static const char *label = "second";
static short daylight = 21;
static long long timezone = 22;
static _Thread_local int own = 23;
int optopt = 52;

static int advance(int by) {
    static int calls = 1000;
    calls += by;
    return calls; // stop
    //= calls -> 1001
    //= tally -> 2
    //= daylight -> 21
}

int from_second(void) {
    int sum = advance(1) + tally + own;
    {
        int tally = 77;
        sum += tally; // stop
        //= tally -> 77
        //gdb= 'second.c'::tally -> 2
    }
    sum += daylight + timezone + optopt + *label;
    return sum; // stop
    //= tally -> 2
    //= label -> "second"
    //= daylight -> 21
    //= timezone -> 22
    //= own -> 23
    //= optopt -> 52
    //gdb= 'first.c'::tally -> 7
    //gdb= 'first.c'::daylight -> 111
    //gdb= 'first.c'::timezone -> 112
    //gdb= advance == 'second.c'::advance -> 1
}
