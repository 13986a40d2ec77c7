// A unit in another language: a class behind an extern "C" function.
#include "words.h"

namespace {

int limit = 100;

class Counter {
    int words = 0;
    bool inside = false;

public:
    void feed(char letter) {
        bool space = letter == ' ';
        if (!space && !inside)
            words++;
        inside = !space;
    }
    int result() const { return words < limit ? words : limit; }
};

}

int count_words(const char *text) {
    Counter counter;
    for (const char *at = text; *at; at++)
        counter.feed(*at);
    return counter.result();
}
