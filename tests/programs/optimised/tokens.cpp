// string_view, optional and variant, for optimised builds.
#include <cstdio>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

struct Number {
    long long value;
};

struct Name {
    std::string_view text;
};

using Token = std::variant<char, Number, Name>;

struct Reader {
    std::string_view rest;

    std::optional<Token> next() {
        size_t skipped = 0;
        while (skipped < rest.size() && rest[skipped] == ' ') {
            ++skipped;
        }
        rest.remove_prefix(skipped);
        if (rest.empty()) {
            return std::nullopt;
        }
        char first = rest[0];
        size_t length = 1;
        if (first >= '0' && first <= '9') {
            long long value = first - '0';
            while (length < rest.size() && rest[length] >= '0' && rest[length] <= '9') {
                value = value * 10 + (rest[length] - '0');
                ++length;
            }
            rest.remove_prefix(length);
            return Number{value};
        }
        if (first >= 'a' && first <= 'z') {
            while (length < rest.size() && rest[length] >= 'a' && rest[length] <= 'z') {
                ++length;
            }
            std::string_view text = rest.substr(0, length);
            rest.remove_prefix(length);
            return Name{text};
        }
        rest.remove_prefix(1);
        return first;
    }
};

__attribute__((noinline)) static long long evaluate(std::string_view text, int &names) {
    Reader reader{text};
    long long sum = 0, sign = 1;
    while (std::optional<Token> token = reader.next()) {
        if (const Number *number = std::get_if<Number>(&*token)) {
            sum += sign * number->value;
        } else if (const Name *name = std::get_if<Name>(&*token)) {
            names += (int)name->text.size();
        } else {
            char operation = std::get<char>(*token);
            sign = operation == '-' ? -1 : 1;
        }
    }
    return sum;
}

__attribute__((noinline)) static std::optional<int> find(const std::vector<int> &all, int wanted) {
    for (size_t i = 0; i < all.size(); ++i) {
        if (all[i] == wanted) {
            return (int)i;
        }
    }
    return {};
}

int main() {
    int names = 0;
    long long sum = evaluate("12 + total - 300 + x + 4000000000", names);
    std::vector<int> all{4, 8, 15, 16, 23, 42};
    std::optional<int> there = find(all, 16), nowhere = find(all, 17);
    int place = there.value_or(-1), none = nowhere.value_or(-1);
    printf("%lld %d %d %d\n", sum, names, place, none);
    return 0;
}
