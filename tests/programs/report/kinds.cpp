// Values of all kinds of types: what debuggers and the report show of them is the same.
struct Base {
    int base;
};

struct Derived : Base {
    int a, b;
    int sum() { return a + b; }
};

enum Flags { F_READ = 1, F_WRITE = 2, F_EXEC = 4 };
enum Sign { NEG = -1, ZERO, POS };
enum class Big : unsigned long long { One = 1, Huge = 0xffffffffffffffffull };
typedef const volatile int shared_number;

struct Bits {
    Sign sign : 3;
    Flags flags : 4;
    unsigned low : 5;
    int negative : 4;
    bool last : 1;
};

static int take(Derived *object, int Derived::*member, int Derived::*inherited, int (Derived::*method)(), int zero) {
    Flags both = Flags(F_READ | F_EXEC);
    Sign sign = NEG;
    Big huge = Big::Huge;
    Bits bits = {NEG, Flags(3), 17, -3, true};
    shared_number number = 5;
    int &reference = object->b;
    int &&temporary = 3 + zero;
    __int128 wide = -((__int128)1 << 70);
    float small = 0.25f;
    double large = 1234.5;
    unsigned char byte = 200;
    signed char negative = -5;
    bool yes = true;
    short pair[2] = {-1, 2}, rows[2][3] = {{11, 12, 13}, {14, 15, 16}};
    char text[4] = "hey", names[2][3] = {"ab", "cd"};
    const char *string = "str";
    int *null = nullptr;
    int *restricted = &object->a;
    return object->*member / zero;
}

int main() {
    Derived object;
    object.base = 1;
    object.a = 2;
    object.b = 3;
    return take(&object, &Derived::b, (int Derived::*)&Base::base, &Derived::sum, 0);
}
// no report of its own
