// libc++'s sequences as lldb shows them. `//v` lines say what is asked at the `// stop` line before them, and what the answer is.
#include <array>
#include <bitset>
#include <cstdio>
#include <deque>
#include <forward_list>
#include <initializer_list>
#include <list>
#include <queue>
#include <span>
#include <stack>
#include <string>
#include <vector>

struct Point {
    int x;
    int y;
};

int main() {
    std::vector<int> none;
    std::vector<int> numbers = {1, 2, 3};
    std::vector<std::string> words = {"one", "two"};
    std::vector<Point> points = {{1, 2}, {3, 4}};
    std::vector<std::vector<short>> nested = {{1}, {}, {2, 3}};
    std::vector<bool> bits(40);
    bits[33] = true;
    std::vector<bool> few = {true, false, true};
    std::array<short, 3> array = {7, 8, 9};
    std::array<int, 0> nowhere;
    std::deque<int> deque;
    for (int i = 0; i < 3000; i++)
        deque.push_back(i);
    for (int i = 0; i < 1500; i++)
        deque.pop_front();
    std::deque<char> letters = {'b'};
    letters.push_front('a');
    std::list<std::string> list = {"first", "second"};
    std::list<int> no_list;
    std::forward_list<double> forward = {0.5, 1.5};
    std::span<int> all = numbers;
    std::span<short, 3> three = array;
    std::initializer_list<int> initializer = {5, 6};
    std::bitset<40> set;
    set.set(1).set(39);
    std::bitset<0> no_set;
    std::stack<int> stack({1, 2});
    std::queue<std::string, std::list<std::string>> queue({"a", "b"});
    std::priority_queue<int> priority;
    priority.push(3);
    priority.push(8);
    const std::vector<int> &reference = numbers;
    std::vector<int> *pointer = &numbers;
    numbers.push_back(4); // stop
    //v none -> size=0 {}
    //v numbers -> size=3 { [0] = 1 [1] = 2 [2] = 3 }
    //v numbers[1] -> 2
    //v words -> size=2 { [0] = "one" [1] = "two" }
    //v points[0].x -> 1
    //v points[1].y -> 4
    //v nested -> size=3 { [0] = size=1 { [0] = 1 } [1] = size=0 {} [2] = size=2 { [0] = 2 [1] = 3 } }
    //v nested[2][1] -> 3
    //v few -> size=3 { [0] = true [1] = false [2] = true }
    //v bits[32] -> false
    //v bits[33] -> true
    //v array -> size=3 { [0] = 7 [1] = 8 [2] = 9 }
    //v nowhere -> size=0 {}
    //v deque[0] -> 1500
    //v deque[1499] -> 2999
    //v letters -> size=2 { [0] = 'a' [1] = 'b' }
    //v list -> size=2 { [0] = "first" [1] = "second" }
    //v no_list -> size=0 {}
    //v forward -> size=2 { [0] = 0.5 [1] = 1.5 }
    //v all -> size=3 { [0] = 1 [1] = 2 [2] = 3 }
    //v three -> size=3 { [0] = 7 [1] = 8 [2] = 9 }
    //v initializer -> size=2 { [0] = 5 [1] = 6 }
    //v set[1] -> true
    //v set[2] -> false
    //v set[39] -> true
    //v no_set -> size=0 {}
    //v stack -> size=2 { [0] = 1 [1] = 2 }
    //v queue -> size=2 { [0] = "a" [1] = "b" }
    //v priority -> size=2 { [0] = 8 [1] = 3 }
    //v reference[2] -> 3
    //p numbers -> size=3 { [0] = 1 [1] = 2 [2] = 3 }
    list.pop_front(); // stop
    //v numbers -> size=4 { [0] = 1 [1] = 2 [2] = 3 [3] = 4 }
    //v reference[3] -> 4
    printf("%zu %zu\n", pointer->size(), reference.size() + all.size() + three.size()); // stop
    //v list -> size=1 { [0] = "second" }
    return 0;
}
