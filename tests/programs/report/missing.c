// A function pointer beyond the table.
static int call(int (*function)(void)) {
    return function();
}

int main(void) {
    int (*volatile function)(void) = (int (*)(void))5000;
    return call(function);
}
// report: -O0 -g
