// A number that is none, where exceptions are turned off.
#include <new>
#include <string>
#include <stdexcept>

static int parse(const std::string &text) {
    return std::stoi(text);
}

int main() {
    return parse("12") + parse("twelve");
}
// report: -O0 -g
