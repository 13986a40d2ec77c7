// libc++'s maps and sets as lldb shows them. `//v` lines say what is asked at the `// stop` line before them, and what the answer is.
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

int main() {
    std::map<int, int> none;
    std::map<int, int> squares;
    for (int i = 0; i < 100; i++)
        squares[i] = i * i;
    std::map<std::string, std::vector<int>> lists = {{"b", {1, 2}}, {"a", {}}};
    std::map<char, double> unaligned = {{'x', 1.5}};
    std::set<int> set = {3, 1, 2};
    std::multimap<int, int> several = {{1, 10}, {1, 11}};
    std::multiset<short> same = {5, 5};
    std::unordered_map<std::string, int> counts = {{"only", 1}};
    std::unordered_set<long long> numbers = {7};
    std::unordered_multimap<int, int> pairs = {{2, 20}, {2, 20}};
    std::unordered_multiset<int> twice = {6, 6};
    std::unordered_map<int, int> nothing;
    std::pair<int, std::string> pair = {1, "one"};
    set.erase(2); // stop
    //v none -> size=0 {}
    //v squares[0] -> (first = 0, second = 0)
    //v squares[99].second -> 9801
    //v lists -> size=2 { [0] = { first = "a" second = size=0 {} } [1] = { first = "b" second = size=2 { [0] = 1 [1] = 2 } } }
    //v lists[1].second[1] -> 2
    //v unaligned -> size=1 { [0] = (first = 'x', second = 1.5) }
    //v set -> size=3 { [0] = 1 [1] = 2 [2] = 3 }
    //v several -> size=2 { [0] = (first = 1, second = 10) [1] = (first = 1, second = 11) }
    //v same -> size=2 { [0] = 5 [1] = 5 }
    //v counts -> size=1 { [0] = { first = "only" second = 1 } }
    //v numbers -> size=1 { [0] = 7 }
    //v pairs -> size=2 { [0] = (first = 2, second = 20) [1] = (first = 2, second = 20) }
    //v twice -> size=2 { [0] = 6 [1] = 6 }
    //v nothing -> size=0 {}
    //v pair -> { first = 1 second = "one" }
    //v pair.second -> "one"
    printf("%zu %zu\n", set.size(), squares.size() + unaligned.size()); // stop
    //v set -> size=2 { [0] = 1 [1] = 3 }
    return 0;
}
