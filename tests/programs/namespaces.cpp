// Namespaces: nested, unnamed, inline, reopened, aliases, using, the same name in several.
#include <cstdio>

int level = 1;

namespace machine {
int level = 2;
namespace engine {
int level = 3;
static int starts;
int start(int times) {
    int local = level * times;
    starts += times;
    return local + machine::level + ::level;
}
}
namespace wheels {
struct Wheel {
    int radius;
    int turn() const;
};
}
}

namespace {
int hidden = 40;
int twice(int value) {
    int doubled = value * 2;
    return doubled;
}
}

namespace machine::wheels {
const int spokes = 12;
int Wheel::turn() const {
    int way = radius * spokes;
    return way;
}
}

namespace library {
inline namespace v2 {
int version() { return 2; }
}
namespace v1 {
int version() { return 1; }
}
}

namespace drive = machine::engine;

int main() {
    int level = 4;
    std::printf("levels %d %d %d %d\n", level, ::level, machine::level, drive::level);
    int started = drive::start(5);
    drive::start(2);
    std::printf("started %d %d\n", started, machine::engine::starts);
    hidden += twice(level);
    std::printf("hidden %d\n", hidden);
    using machine::wheels::Wheel;
    Wheel wheel = {7};
    std::printf("turn %d\n", wheel.turn());
    using namespace library;
    int versions = version() * 10 + v1::version();
    std::printf("versions %d\n", versions);
    return 0;
}
