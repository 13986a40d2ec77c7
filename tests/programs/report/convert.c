// A number that is too large for an integer.
static volatile double huge = 1e30;

static int narrow(double value) {
    return __builtin_wasm_trunc_s_i32_f64(value);
}

int main(void) {
    return narrow(huge);
}
// report: -O0 -g
