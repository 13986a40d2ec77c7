namespace geo {
struct Shape {
    int width;
    int area(int height) { return width * height; }
};
int twice(int n) { return n * 2; }
} // namespace geo

int measure(int n) {
    geo::Shape shape{n};
    return geo::twice(shape.area(3));
}

int main() { return measure(4); }
