// Virtual calls: abstract base, overriding, final, a virtual destructor, through two bases, in a loop.
#include <cstdio>

class Shape {
public:
    virtual ~Shape() { std::printf("~%s ", name()); }
    virtual double area() const = 0;
    virtual const char *name() const { return "shape"; }
    virtual Shape *scale(double by) = 0;
};

class Square : public Shape {
protected:
    double side;

public:
    explicit Square(double side) : side(side) {}
    double area() const override { return side * side; }
    const char *name() const override { return "square"; }
    Square *scale(double by) override {
        side *= by;
        return this;
    }
};

class Loud {
public:
    int volume = 3;
    virtual ~Loud() {}
    virtual int shout() { return volume; }
};

class Drum final : public Square, public Loud {
    int hits = 0;

public:
    Drum() : Square(2.5) {}
    const char *name() const override { return "drum"; }
    int shout() override {
        hits++;
        int noise = volume * hits;
        return noise;
    }
};

static double sum(Shape *const *shapes, int count) {
    double total = 0;
    for (int i = 0; i < count; i++) {
        double area = shapes[i]->area();
        total += area;
    }
    return total;
}

int main() {
    Square square(3);
    Drum drum;
    Shape *shapes[] = {&square, &drum};
    std::printf("total %.2f\n", sum(shapes, 2));
    for (Shape *shape : shapes)
        std::printf("%s %.2f\n", shape->name(), shape->scale(2)->area());
    Loud *loud = &drum;
    int first = loud->shout();
    int second = loud->shout();
    std::printf("shouts %d %d\n", first, second);
    Shape *owned = new Square(1);
    delete owned;
    std::printf("\n");
    return 0;
}
