// Numbers that debuggers do not know.
struct holder {
    char tag;
    long double wide;
    long double rows[2];
};

int main(void) {
    long double minus = -1.0L, third = 1.0L / 3, huge = 1.0e4000L, zero = 0;
    const long double half = 0.5L;
    struct holder holder = {1, 2.25L, {3, 4}};
    _Complex long double complex = 1.5L + 2.5iL;
    _Complex double known = 1.5 + 2.5i;
    __int128 large = -5;
    _Accum fixed = 2.5k;
    short _Fract fraction = 0.25hr;
    return minus > 0 && third > huge && half > zero && large && fixed && fraction; // here
}
