#include <cstdio>
#include <cstring>
#include <stdexcept>

struct Guard {
    const char *name;
    ~Guard() { std::printf("~%s\n", name); }
};

struct MyError : std::runtime_error {
    int code;
    MyError(int code, const char *what) : std::runtime_error(what), code(code) {}
};

static int inner(int kind) {
    Guard guard{"inner"};
    if (kind == 1)
        throw MyError(42, "one");
    if (kind == 2)
        throw 17;
    if (kind == 3)
        throw "three";
    return kind * 2;
}

static int middle(int kind) {
    int local = kind * 10;
    try {
        return inner(kind) + local;
    } catch (const MyError &error) {
        std::printf("MyError %d %s\n", error.code, error.what());
        return local;
    } catch (int number) {
        std::printf("int %d\n", number);
        throw;
    }
}

static int outer(int kind) {
    int before = kind + 100;
    try {
        int result = middle(kind);
        return result + before;
    } catch (int number) {
        int after = number + before;
        return after;
    }
}

int main(int argc, char **argv) {
    if (argc > 1 && std::strcmp(argv[1], "uncaught") == 0)
        inner(1);
    if (argc > 1)
        return middle(3);
    for (int kind = 0; kind < 3; kind++)
        std::printf("outer(%d) = %d\n", kind, outer(kind));
    return 0;
}
