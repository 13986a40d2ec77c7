// C++: methods, references, templates, namespaces, a pure virtual function's place.
namespace geometry {

struct Shape {
    const char *label;
    virtual int area() const = 0;
};

struct Rectangle : Shape {
    int width, height;
    Rectangle(const char *name, int w, int h) : width(w), height(h) { label = name; }
    int area() const override { return width * height; }
};

template <typename T> T ratio(const T &part, const T &whole) {
    return part / whole;
}

class Canvas {
    int size_;

  public:
    explicit Canvas(int size) : size_(size) {}
    int share(const Shape &shape) const { return ratio(shape.area(), size_); }
};

} // namespace geometry

static volatile int nothing;

int main() {
    geometry::Rectangle rectangle("door", 2, 3);
    geometry::Canvas canvas(nothing);
    return canvas.share(rectangle);
}
// report: -O0 -g
// report: -O2 -g
// report: -O0-split -g
