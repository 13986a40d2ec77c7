// Containers of the standard library, by iterators and by range, for optimised builds.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

struct Book {
    std::string title;
    int pages;
    unsigned char rating;
};

struct Shelf {
    std::vector<Book> books;
    std::map<int, int> by_rating;

    int add(const char *title, int pages, unsigned char rating) {
        books.push_back(Book{title, pages, rating});
        int &count = by_rating[rating];
        count += 1;
        return count;
    }

    long long weight(int factor) const {
        long long sum = 0;
        for (const Book &book : books) {
            int thick = book.pages / 10;
            sum += (long long)thick * factor + book.rating;
        }
        return sum;
    }
};

__attribute__((noinline)) static int longest(const Shelf &shelf, size_t &where) {
    int most = -1;
    size_t at = 0;
    for (auto it = shelf.books.begin(); it != shelf.books.end(); ++it, ++at) {
        int length = (int)it->title.size();
        if (length > most) {
            most = length;
            where = at;
        }
    }
    return most;
}

__attribute__((noinline)) static unsigned summary(const Shelf &shelf) {
    unsigned hash = 17;
    for (auto [rating, count] : shelf.by_rating) {
        hash = hash * 31 + rating;
        hash ^= count << 4;
    }
    return hash;
}

int main() {
    Shelf shelf;
    int first = shelf.add("A short one", 120, 3);
    int second = shelf.add("Another book whose title is long", 455, 5);
    int third = shelf.add("Third", 98, 3);
    size_t where = 0;
    int most = longest(shelf, where);
    long long weight = shelf.weight(7);
    unsigned hash = summary(shelf);
    printf("%d %d %d %d %zu %lld %u\n", first, second, third, most, where, weight, hash);
    return 0;
}
