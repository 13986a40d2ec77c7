// Destructors that are virtual, of which a class has several: one of them frees the object too.
struct Shape {
    int side = 3;
    virtual ~Shape() { side = 0; }
};

struct Square : Shape {};

struct Named : Square {
    ~Named() override { side++; }
};

int main() {
    delete static_cast<Shape *>(new Named);
    Square square;
    return square.side - 3;
}
