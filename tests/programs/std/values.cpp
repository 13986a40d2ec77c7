// libc++'s smart pointers, and values that may be of several kinds, as lldb shows them. `//v` lines say what is asked at the
// `// stop` line before them, and what the answer is.
#include <atomic>
#include <complex>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>

struct Named {
    int number;
    std::string name;
};

static int twice(int x) { return 2 * x; }

int main() {
    std::unique_ptr<Named> owned(new Named{5, "five"});
    std::unique_ptr<int> none;
    std::unique_ptr<int[]> array(new int[2]{8, 9});
    std::shared_ptr<Named> shared = std::make_shared<Named>(Named{6, "six"});
    std::shared_ptr<Named> other = shared;
    std::shared_ptr<int> no_shared;
    std::weak_ptr<Named> weak = shared;
    std::optional<int> some = 5;
    std::optional<int> nothing;
    std::optional<std::string> text = "text";
    std::optional<std::optional<int>> nested = std::optional<int>();
    std::variant<int, std::string> variant = "alternative";
    std::tuple<int, double, std::string> tuple = {1, 2.5, "three"};
    std::function<int(int)> function = twice;
    std::function<int(int)> no_function;
    std::atomic<int> atomic = 4;
    std::atomic<bool> flag = true;
    std::complex<double> complex = {1.5, -2};
    variant = 3; // stop
    //v owned.pointer->number -> 5
    //v owned.object -> { number = 5 name = "five" }
    //v owned.object.name -> "five"
    //v owned->number -> 5
    //v *owned -> { number = 5 name = "five" }
    //v *none -> !
    //v none -> nullptr
    //v shared.object.name -> "six"
    //v shared->name -> "six"
    //v *some -> 5
    //v *nothing -> !
    //v *variant -> !
    //v weak.object.number -> 6
    //v no_shared -> nullptr
    //v some -> Has Value=true { Value = 5 }
    //v nothing -> Has Value=false
    //v text -> Has Value=true { Value = "text" }
    //v nested -> Has Value=true { Value = Has Value=false }
    //v variant -> Active Type = std::basic_string<char> { Value = "alternative" }
    //v tuple -> size=3 { [0] = 1 [1] = 2.5 [2] = "three" }
    //v function -> not empty
    //v no_function -> empty
    //v atomic -> 4 { Value = 4 }
    //v flag -> true { Value = true }
    //v complex -> 1.5 + -2i { real = 1.5 imag = -2 }
    shared.reset(); // stop
    //v variant -> Active Type = int { Value = 3 }
    other.reset(); // stop
    //v shared -> nullptr
    printf("%d %d\n", function(array[0]), atomic.load()); // stop
    //v weak.object -> !
    return 0;
}
