// libc++'s strings as lldb shows them. `//v` lines say what is asked at the `// stop` line before them, and what the answer is.
#include <cstdio>
#include <string>
#include <string_view>

struct Named {
    int number;
    std::string name;
};

static unsigned long length(const std::string &text, const Named &named, const std::string *pointer) {
    return text.size() + named.name.size() + pointer->size(); // stop
    //v text -> "short"
    //v named.name -> "inside"
    //v pointer -> "short"
}

int main() {
    std::string empty;
    std::string text = "short";
    std::string escaped = "a \"quoted\"\tline\n";
    std::string longer = "a text that is too long for the place inside";
    std::string large(2000, 'x');
    std::wstring wide = L"wide";
    std::u16string units = u"units";
    std::u32string points = U"points, and more than fit inside";
    std::string_view view = std::string_view(longer).substr(2, 4);
    std::string_view nothing;
    Named named = {1, "inside"};
    unsigned long sum = length(text, named, &text);
    text += ", and longer than before it was, so somewhere else"; // stop
    //v empty -> ""
    //v text -> "short"
    //v escaped -> "a \"quoted\"\tline\n"
    //v longer -> "a text that is too long for the place inside"
    //v wide -> L"wide"
    //v units -> u"units"
    //v points -> U"points, and more than fit inside"
    //v view -> "text"
    //v nothing -> ""
    //v named -> { number = 1 name = "inside" }
    //p named.name -> "inside"
    text.shrink_to_fit(); // stop
    //v text -> "short, and longer than before it was, so somewhere else"
    text = "other";
    printf("%lu %zu\n", sum, text.size() + large.size()); // stop
    //v text -> "other"
    return 0;
}
