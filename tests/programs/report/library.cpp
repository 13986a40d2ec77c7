// The standard library's types, as reports show them.
#include <array>
#include <deque>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>
struct Point { int x, y; };
static int fail(const std::string &name, const std::vector<std::string> &words, int zero) {
    std::string empty, longer = "a string that does not fit into the object itself";
    std::string_view view = longer;
    view = view.substr(2, 6);
    std::vector<Point> points{{1, 2}, {3, 4}};
    std::vector<bool> bits{true, false};
    std::map<std::string, int> ages{{"ann", 3}, {"bob", 4}};
    std::set<int> numbers{1, 2, 3};
    std::unordered_map<int, int> table{{1, 2}};
    std::unique_ptr<Point> owned = std::make_unique<Point>(Point{5, 6});
    std::unique_ptr<Point> none;
    std::shared_ptr<Point> shared = std::make_shared<Point>(Point{7, 8});
    std::optional<int> some = 3, nothing;
    std::array<int, 3> three{1, 2, 3};
    std::list<int> list{1, 2};
    std::deque<int> deque{1};
    std::initializer_list<int> given{4, 5};
    std::stack<int, std::vector<int>> stack({6, 7});
    std::priority_queue<int> queue;
    queue.push(8);
    return points[0].x / zero + (int)(name.size() + words.size() + ages.size() + list.size() + deque.size() + three[0] + bits.size() + numbers.size() + table.size() + owned->x + shared->x + *some + view.size());
}
int main() { return fail("short", {"one", "two words that are longer than short"}, 0); }
// report: -O0 -g
