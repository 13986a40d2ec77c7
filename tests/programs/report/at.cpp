// An element that a vector does not have.
#include <cstdio>
#include <vector>

static int nth(const std::vector<int> &values, unsigned index) {
    return values.at(index);
}

int main() {
    std::vector<int> values{3, 1, 4};
    printf("%d\n", nth(values, 1));
    return nth(values, 5);
}
// report: -O0 -g
