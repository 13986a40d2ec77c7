// Names that other files have too, and the debugger's host: `daylight`, `timezone`, `optopt` and `program_invocation_name` are in libc.
#include "names.h"

static int tally = 1;
static const char *label = "first";
int daylight = 11;
static int timezone = 12;
_Thread_local int own = 13;

static int advance(int by) {
    static int calls = 100;
    calls += by;
    return calls; // stop
    //= calls -> 101
    //= tally -> 1
    //= daylight -> 11
    //= timezone -> 12
}

static int retreat(int by) {
    static int calls = 200;
    calls -= by;
    return calls; // stop
    //= calls -> 199
}

int from_first(void) {
    static int program_invocation_name = 300;
    int sum = advance(1) + retreat(1) + tally + timezone + own;
    sum += program_invocation_name + daylight; // stop
    //= program_invocation_name -> 300
    //= tally -> 1
    //= label -> "first"
    //= daylight -> 11
    //= timezone -> 12
    //= own -> 13
    //= optopt -> 52
    //= &tally != &timezone -> 1
    //gdb= 'second.c'::tally -> 2
    //gdb= 'second.c'::daylight -> 21
    //gdb= advance == 'first.c'::advance -> 1
    //= left::tally -> 31
    //! daylight = 111
    //! timezone = 112
    //@ tally
    tally += 6;
    return sum + *label;
}
