// Owning pointers, virtual calls, lambdas that keep things, and algorithms, for optimised builds.
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual double area(double scale) const = 0;
};

struct Square : Shape {
    double side;
    explicit Square(double side) : side(side) {}
    double area(double scale) const override {
        double scaled = side * scale;
        return scaled * scaled;
    }
};

struct Circle : Shape {
    float radius;
    explicit Circle(float radius) : radius(radius) {}
    double area(double scale) const override {
        float scaled = radius * (float)scale;
        return 3.0 * scaled * scaled;
    }
};

__attribute__((noinline)) static double total(const std::vector<std::unique_ptr<Shape>> &shapes, double scale) {
    double sum = 0;
    for (const auto &shape : shapes) {
        double area = shape->area(scale);
        sum += area;
    }
    return sum;
}

__attribute__((noinline)) static int counted(const std::array<int, 6> &numbers, const std::function<bool(int)> &wanted) {
    int count = 0;
    for (int number : numbers) {
        bool take = wanted(number);
        count += take;
    }
    return count;
}

int main() {
    std::vector<std::unique_ptr<Shape>> shapes;
    shapes.push_back(std::make_unique<Square>(2.0));
    shapes.push_back(std::make_unique<Circle>(1.5f));
    shapes.push_back(std::make_unique<Square>(0.5));
    double area = total(shapes, 1.25);
    std::array<int, 6> numbers{9, 2, 7, 4, 5, 6};
    int limit = 5, seen = 0;
    int above = counted(numbers, [limit, &seen](int number) {
        seen += number;
        return number > limit;
    });
    std::sort(numbers.begin(), numbers.end());
    int sum = std::accumulate(numbers.begin(), numbers.end(), 0, [](int a, int b) { return a * 2 + b; });
    auto shared = std::make_shared<int>(sum);
    std::weak_ptr<int> weak = shared;
    long uses = shared.use_count();
    printf("%.3f %d %d %d %ld %d\n", area, above, seen, *shared, uses, weak.expired());
    return 0;
}
