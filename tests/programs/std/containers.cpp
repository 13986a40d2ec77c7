// std::string, vector, map, unique_ptr and algorithms. In a folder of its own: the native build has libstdc++, the wasm
// build libc++, so the members that a debugger shows differ.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Word {
    std::string text;
    int count;
};

static std::vector<std::string> split(const std::string &line) {
    std::vector<std::string> words;
    std::string word;
    for (char letter : line + " ") {
        if (letter != ' ') {
            word += letter;
        } else if (!word.empty()) {
            words.push_back(word);
            word.clear();
        }
    }
    return words;
}

static std::vector<Word> ranked(const std::map<std::string, int> &counts) {
    std::vector<Word> words;
    for (const auto &[text, count] : counts)
        words.push_back(Word{text, count});
    std::sort(words.begin(), words.end(), [](const Word &a, const Word &b) {
        return a.count != b.count ? a.count > b.count : a.text < b.text;
    });
    return words;
}

int main() {
    std::map<std::string, int> counts;
    std::vector<std::string> words = split("the wall the pale moonlight the mountain pale");
    for (const std::string &word : words)
        counts[word]++;
    for (const Word &word : ranked(counts))
        std::printf("%s %d\n", word.text.c_str(), word.count);
    auto longest = std::max_element(words.begin(), words.end(), [](auto &a, auto &b) { return a.size() < b.size(); });
    std::unique_ptr<Word> kept(new Word{*longest, int(longest->size())});
    std::printf("longest %s %d\n", kept->text.c_str(), kept->count);
    int letters = 0;
    for (const auto &word : words)
        letters += int(word.size());
    std::printf("words %d letters %d\n", int(words.size()), letters);
    return 0;
}
