// What a person looks at in C++. `//=` lines say what is asked at the `// stop` line before them, and what the answer is.
#include <cstdio>

namespace shop {
enum class Kind { Small, Large };

struct Price {
    int cents;
    double tax;
    Price *next;
};

struct Item {
    int number;
    virtual int cost() { return number; }
};

struct Boxed : Item {
    Price price;
    int size;
};

struct Labelled {
    int label;
    Price mark;
    virtual int read() { return label; }
};

struct Parcel : Boxed, Labelled {
    int weight;
    Kind kind;
    Kind *to_kind;
    const Price &reference;
    static int sent;

    explicit Parcel(const Price &price) : reference(price) {}
    int plain(int more) { return weight + more; }
    int cost() override {
        int total = weight + price.cents; // stop
        //= weight -> 6
        //= this->weight -> 6
        //= price.cents -> 2
        //= this->price.next->cents -> 2
        //= number -> 1
        //= label -> 4
        //= mark.tax -> 5.5
        //= sent -> 42
        return total;
    }
};
int Parcel::sent = 42;

template <class T> struct Holder {
    T *item;
    T value;
    Holder *next;
};
} // namespace shop

using namespace shop;

static int look(const Parcel &parcel, Price &&moved, Parcel *pointer, Item *item) {
    int sum = parcel.weight + moved.cents + pointer->weight; // stop
    //= parcel.weight -> 6
    //= parcel.price.cents -> 2
    //= parcel.price.next->tax -> 1.5
    //= moved.cents -> 12
    //= pointer->mark.cents -> 5
    //= pointer->number -> 1
    //= pointer->label -> 4
    //= item->number -> 1
    //lldb= pointer->plain(pointer->weight) -> 12
    //= ((shop::Parcel *)item)->weight -> 6
    //= shop::Parcel::sent -> 42
    //gdb= pointer->kind -> shop::Kind::Large
    //gdb= *pointer->to_kind -> shop::Kind::Large
    //gdb= pointer->reference.cents -> 77
    return sum;
}

int main() {
    Price far = {77, 0.5, nullptr};
    Parcel parcel(far);
    parcel.number = 1;
    parcel.price = {2, 1.5, &parcel.price};
    parcel.size = 3;
    parcel.label = 4;
    parcel.mark = {5, 5.5, nullptr};
    parcel.weight = 6;
    parcel.kind = Kind::Large;
    parcel.to_kind = &parcel.kind;
    Holder<Price> second = {&far, {8, 8.5, nullptr}, nullptr};
    Holder<Price> holder = {&parcel.mark, parcel.price, &second};
    int sum = parcel.cost() + parcel.plain(-6);
    sum += look(parcel, Price{12, 1.25, nullptr}, &parcel, &parcel);
    auto lambda = [&parcel, sum](int more) {
        int all = parcel.weight + sum + more; // stop
        //= more -> 9
        //= sum -> 32
        return all;
    };
    sum = lambda(9);
    printf("%d %d\n", sum, Parcel::sent); // stop
    //= holder.item->tax -> 5.5
    //= holder.value.cents -> 2
    //= holder.next->item->cents -> 77
    //= holder.next->value.tax -> 8.5
    //= holder.next->next -> null
    return 0;
}
