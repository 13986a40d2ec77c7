// What is declared in a `main` with arguments.
template <class F> static int call(F f, int n) { return f(n); }

int main(int argc, char **argv) {
    static int runs = 7;
    struct Local {
        int value;
        int plus(const Local &a, const Local &b) { return value + a.value + b.value; }
    };
    Local local = {argc};
    auto add = [&](int n) {
        static int calls = 40;
        calls += n;
        return calls + local.plus(local, local);
    };
    return call(add, runs) - 51;
}
