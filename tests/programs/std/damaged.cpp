// libc++'s containers in memory that holds something else, as before their constructors have run. `//v` lines say what is asked
// at the `// stop` line before them, and what the answer is.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

template <class T> union Filled {
    T value;
    unsigned char bytes[sizeof(T)];
    explicit Filled(int byte) {
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = byte + i;
    }
    ~Filled() {}
};

int main() {
    Filled<std::string> string(0xf3);
    Filled<std::vector<int>> vector(0xa5);
    Filled<std::vector<bool>> bits(0xa5);
    Filled<std::deque<int>> deque(0xa5);
    Filled<std::list<int>> list(0xa5);
    Filled<std::map<int, int>> map(0xa5);
    Filled<std::unordered_map<int, int>> table(0xa5);
    Filled<std::shared_ptr<int>> shared(0xa5);
    Filled<std::optional<int>> optional(0xa5);
    Filled<std::variant<int, char>> variant(0xa5);
    Filled<std::map<int, int>> far(0xf0);
    std::map<int, int> known_map = {{1, 1}};
    std::deque<int> known;
    std::unordered_map<int, int> known_too;
    std::list<int> circle = {1, 2, 3};
    // The last node's successor becomes the first: the list never comes to its end.
    unsigned *ends = reinterpret_cast<unsigned *>(&circle);
    reinterpret_cast<unsigned *>(ends[0])[1] = ends[1];
    ends[2] = 1000;
    std::set<int> looped = {1, 2, 3};
    // The first node's right child becomes itself.
    unsigned first = *reinterpret_cast<unsigned *>(&looped);
    reinterpret_cast<unsigned *>(first)[1] = first;
    printf("%u %u\n", first, ends[2]); // stop
    //v string.value -> <unreadable>
    //v vector.value -> size=? <unreadable>
    //v bits.value -> size=? <unreadable>
    //v deque.value -> size=? <unreadable>
    //v list.value -> size=? <unreadable>
    //v map.value -> size=? <unreadable>
    //v far.value -> size=? <unreadable>
    //v table.value -> size=? <unreadable>
    //v shared.value -> <unreadable at 0xacabaaad>
    //v optional.value -> <unreadable>
    //v variant.value -> <unreadable>
    //v circle -> size=? <damaged after 3> { [0] = 1 [1] = 2 [2] = 3 }
    //v looped -> size=? <damaged after 1> { [0] = 1 }
    fflush(stdout);
    _Exit(0);
}
