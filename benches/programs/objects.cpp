// Calls virtual functions and fills containers of the C++ library.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual long area() const = 0;
};

struct Square : Shape {
    long side;
    explicit Square(long side) : side(side) {}
    long area() const override { return side * side; }
};

struct Box : Shape {
    long width, height;
    Box(long width, long height) : width(width), height(height) {}
    long area() const override { return width * height; }
};

int main(int count, char **) {
    std::vector<std::unique_ptr<Shape>> shapes;
    std::map<std::string, long> areas;
    for (long i = 0; i < (count > 1 ? 200 : 20000); i++) {
        if (i % 3)
            shapes.push_back(std::make_unique<Square>(i % 97));
        else
            shapes.push_back(std::make_unique<Box>(i % 89, i % 7));
    }
    long total = 0;
    for (int round = 0; round < 20; round++)
        for (const auto &shape : shapes)
            total += shape->area() ^ round;
    for (size_t i = 0; i < shapes.size(); i++)
        areas["shape " + std::to_string(i % 1500)] += shapes[i]->area();
    std::sort(shapes.begin(), shapes.end(), [](const auto &a, const auto &b) { return a->area() < b->area(); });
    for (const auto &[name, area] : areas)
        total = total * 31 + area + static_cast<long>(name.size());
    std::printf("%ld %ld\n", total, shapes[100]->area());
}
