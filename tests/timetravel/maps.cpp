// A map and random numbers; it ends in a jump through a null pointer.
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

struct shape {
    virtual int area() const = 0;
    virtual ~shape() = default;
};

struct square : shape {
    int side;
    explicit square(int side) : side(side) {}
    int area() const override { return side * side; }
};

static int total;
static unsigned rounds;

static int measure(const std::vector<shape *> &shapes) {
    int all = 0;
    for (const shape *it : shapes)
        all += it->area();
    return all;
}

static void fill(std::map<std::string, int> &map) {
    std::random_device device;
    for (int i = 0; i < 5; i++) {
        map[std::to_string(device() % 3)] += i;
        rounds++;
    }
}

int main() {
    std::map<std::string, int> map;
    fill(map);
    std::vector<shape *> shapes;
    for (auto &pair : map)
        shapes.push_back(new square(pair.second));
    total = measure(shapes);
    std::printf("%d in %u\n", total, rounds);
    std::fflush(stdout);
    int (*nothing)(int) = nullptr;
    if (rounds == 5)
        nothing = reinterpret_cast<int (*)(int)>(total * 0);
    return nothing(total);
}
