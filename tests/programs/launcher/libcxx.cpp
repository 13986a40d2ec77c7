// A variable of each of libc++'s types that `dwalin gdb` prints: its row in tests/gdb_launcher.rs says how.
#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdlib>
#include <deque>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <stack>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

static int twice(int x) { return 2 * x; }

int main() {
    const char *chars = "one \"two\"";
    const wchar_t *wide_chars = L"wide";
    std::string short_string = "short";
    std::string long_string = "a string that is too long for the place inside";
    std::wstring wide_string = L"a wide string";
    std::string_view view = std::string_view(chars, 3);
    std::vector<int> vector = {1, 2, 3};
    std::vector<std::string> strings = {"x", "y"};
    std::vector<bool> bits = {true, false, true};
    std::array<short, 3> array = {7, 8, 9};
    std::deque<int> deque = {2, 3};
    deque.push_front(1);
    std::list<int> list = {4, 5};
    std::forward_list<double> forward_list = {0.5, 1.5};
    std::map<std::string, int> map = {{"b", 2}, {"a", 1}, {"c", 3}};
    std::multimap<int, long long> multimap = {{1, 10}, {1, 11}};
    std::set<int> set = {3, 1, 2};
    std::unordered_map<int, int> unordered_map = {{5, 50}};
    std::unordered_set<std::string> unordered_set = {"only"};
    std::pair<int, std::string> pair = {1, "first"};
    std::tuple<int, double, std::string> tuple = {1, 2.5, "three"};
    std::unique_ptr<int> unique = std::make_unique<int>(42);
    std::unique_ptr<int> no_unique;
    std::shared_ptr<int> shared = std::make_shared<int>(43);
    std::shared_ptr<int> other = shared;
    std::weak_ptr<int> weak = shared;
    std::optional<int> optional = 44;
    std::optional<std::string> no_optional;
    std::variant<int, std::string> variant = "alternative";
    std::span<int> span = vector;
    std::function<int(int)> function = twice;
    std::function<int(int)> no_function;
    std::atomic<int> atomic = 45;
    std::complex<double> complex = {1.5, -2.0};
    std::chrono::milliseconds duration{250};
    std::initializer_list<int> initializer_list = {6, 7};
    std::bitset<70> bitset;
    bitset.set(3).set(69);
    std::bitset<5> no_bitset;
    std::stack<int> stack({1, 2});
    std::queue<int, std::list<int>> queue({3, 4});
    std::priority_queue<int> priority_queue;
    priority_queue.push(5);
    priority_queue.push(9);
    std::vector<int> damaged;
    reinterpret_cast<unsigned *>(&damaged)[0] = 0xfffffff0;
    std::list<int> looped = {1, 2, 3};
    // The last node's successor becomes the first node: the list never comes to its end.
    unsigned *ends = reinterpret_cast<unsigned *>(&looped);
    reinterpret_cast<unsigned *>(ends[0])[1] = ends[1];
    ends[2] = 1000;
    int result = function(vector[0]) + atomic; // stop here
    _Exit(result == 47 ? 0 : 1); // Destructors would follow the damage.
}
