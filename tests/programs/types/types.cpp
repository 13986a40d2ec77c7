// Every kind of type of C++: classes with tables, virtual bases, references of both kinds, pointers to members, templates.
struct Plain { int a, b; int sum() const { return a + b; } };
namespace deep { enum class Level : unsigned char { low, high = 7 }; struct Inside { Level level; Inside *self; }; }
struct A { virtual ~A() {} virtual int f() { return 1; } int x = 3; };
struct B : A { int f() override { return 2; } int y = 4; A *peer = nullptr; Plain plain{5, 6}; };
struct C { virtual int g() { return 3; } int z = 5; };
struct D : B, C { int g() override { return 4; } int w = 6; static int shared; };
int D::shared = 11;
struct V { virtual int h() { return 5; } int v = 7; };
struct L : virtual V { int l = 8; };
struct R : virtual V { int r = 9; };
struct Diamond : L, R { int h() override { return 6; } int d = 10; };
template <typename T, int N> struct Box { T items[N]; T *first; T &ref; Box(T a, T b) : items{a, b}, first(items), ref(items[1]) {} };
struct Holder { int &ref; const Plain &plain; Plain &&moved; A &base; int (&array)[2]; int Plain::*field; int (Plain::*method)() const; int (*function)(int); decltype(nullptr) null; };
union Either { int i; float f; Plain plain; };
static int twice(int n) { return 2 * n; }
static Plain plain{1, 2};
static int array[2] = {3, 4};
static D object;
static Diamond diamond;
static deep::Inside inside{deep::Level::high, &inside};
static Either either{42};
static Box<int, 2> box(1, 2);
static Box<Plain, 2> plains({1, 2}, {3, 4});
static int walk(A *base, A &ref, const B *derived, V *virtual_base, Diamond *most, Holder &holder, int Plain::*field, int (Plain::*method)() const,
                Plain &&moved, A **to_base, int (&array_ref)[2], deep::Inside *in, L *left, Box<Plain, 2> *boxed, Either *any) {
    Plain local{7, 8}, *to_local = &local, **to_to_local = &to_local;
    A *const bases[2] = {base, to_base[0]};
    auto lambda = [&local, field](int n) { return n + local.*field; };
    const auto &constant = local;
    Plain *&pointer_ref = to_local;
    return base->f() + ref.x + derived->y + virtual_base->h() + most->d + holder.ref + local.*field + (local.*method)() + moved.a + array_ref[1] + // stop
           (int)in->level + left->l + boxed->first->a + any->i + lambda(1) + constant.b + pointer_ref->a + (*to_to_local)->b + bases[0]->x;
}
int main() {
    int number = 12;
    Plain temporary{9, 10};
    Holder holder{number, plain, static_cast<Plain &&>(temporary), object, array, &Plain::b, &Plain::sum, twice, nullptr};
    A *base = &object;
    return walk(base, object, &object, &diamond, &diamond, holder, &Plain::b, &Plain::sum, static_cast<Plain &&>(temporary), &base, array, &inside, &diamond, &plains, &either) + D::shared > 1000;
}
