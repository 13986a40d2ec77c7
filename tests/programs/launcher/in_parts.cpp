// Containers that optimised code keeps in locals, or not at all.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

__attribute__((noinline)) void look(int x) { asm volatile("" ::"r"(x)); }

__attribute__((noinline)) int constants(int n) {
    std::vector<int> no_vector;
    std::string no_string;
    std::unique_ptr<int> no_unique;
    std::shared_ptr<int> no_shared;
    std::optional<int> no_optional;
    std::string_view no_view;
    std::variant<int, double> number;
    std::array<int, 4> no_array;
    look(n);
    return n + 1;
}

__attribute__((noinline)) int locals(int n) {
    std::vector<int> numbers;
    for (int i = 0; i < n; i++)
        numbers.push_back(i * n);
    int sum = 0;
    for (int x : numbers)
        sum += x;
    std::string_view view("hello", n);
    std::optional<int> maybe = sum;
    std::unique_ptr<int> own(new int(sum));
    std::string text(view);
    look(sum);
    return sum + text.size() + *own + *maybe;
}

int main(int argc, char **) { return (constants(argc) + locals(argc + 2)) & 0; }
