// enum class, constexpr, static_cast, auto, range-for, initialiser lists of our own, default arguments, overloads.
#include <cstdio>

enum class Suit : unsigned char { Clubs = 1, Diamonds, Hearts, Spades };
enum class Rank : short { Low = -2, Ten = 10, Ace = 14 };
enum Old { Stale = 3 };

struct Card {
    Suit suit;
    Rank rank;
};

constexpr int worth(Rank rank) { return rank == Rank::Ace ? 11 : static_cast<int>(rank); }

static Card deck[] = {{Suit::Hearts, Rank::Ace}, {Suit::Clubs, Rank::Ten}, {Suit::Spades, Rank::Low}};
static Suit trump = Suit::Clubs;

static int score(Card card, int bonus = 5) {
    int points = worth(card.rank);
    if (card.suit == trump)
        points += bonus;
    return points;
}

static int score(Old old) { return old * 100; }

static const char *name(Suit suit) {
    switch (suit) {
    case Suit::Clubs:
        return "clubs";
    case Suit::Diamonds:
        return "diamonds";
    case Suit::Hearts:
        return "hearts";
    case Suit::Spades:
        return "spades";
    }
    return "?";
}

static Suit next(Suit suit) {
    auto number = static_cast<unsigned char>(suit);
    number = number % 4 + 1;
    return static_cast<Suit>(number);
}

int main() {
    constexpr int ace = worth(Rank::Ace);
    int total = 0;
    for (const Card &card : deck) {
        int points = score(card);
        total += points;
        std::printf("%s %d\n", name(card.suit), points);
    }
    trump = next(trump);
    trump = next(next(trump));
    auto [suit, rank] = deck[0];
    bool same = suit == trump;
    std::printf("total %d ace %d trump %s same %d rank %d\n", total, ace, name(trump), same, static_cast<int>(rank));
    std::printf("old %d, bonus %d\n", score(Stale), score(deck[2], 50));
    return 0;
}
