// Classes: constructors, destructors, const methods, static members, friends, nested and local classes.
#include <cstdio>

class Account {
public:
    enum Kind { Plain, Savings };
    struct Entry {
        int amount;
        int balance;
    };

    explicit Account(Kind kind = Plain) : kind(kind), id(++made) { alive++; }
    Account(Kind kind, int start) : Account(kind) { deposit(start); }
    ~Account() {
        alive--;
        std::printf("%s %d closed with %d\n", kind == Savings ? "savings" : "account", id, balance());
    }

    bool deposit(int amount) {
        int before = balance();
        if (used == capacity)
            return false;
        entries[used++] = Entry{amount, before + amount};
        return true;
    }
    int balance() const { return used ? entries[used - 1].balance : 0; }
    static int living() { return alive; }
    friend int largest(const Account &account);

private:
    static const int capacity = 4;
    static int made, alive;
    Kind kind;
    int id;
    int used = 0;
    Entry entries[capacity] = {};
};

int Account::made;
int Account::alive;

int largest(const Account &account) {
    int best = 0;
    for (int i = 0; i < account.used; i++) {
        int amount = account.entries[i].amount;
        best = amount > best ? amount : best;
    }
    return best;
}

int main() {
    Account first(Account::Savings, 100);
    {
        Account second;
        second.deposit(5);
        second.deposit(-3);
        std::printf("living %d, second %d\n", Account::living(), second.balance());
    }
    struct Local {
        int value;
        int twice() const { return value * 2; }
    };
    Local local{first.balance()};
    for (int i = 1; i < 6; i++) {
        bool done = first.deposit(i * 11);
        if (!done)
            std::printf("full at %d\n", i);
    }
    std::printf("local %d, largest %d, living %d\n", local.twice(), largest(first), Account::living());
    return 0;
}
