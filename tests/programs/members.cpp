// Members: static, const, mutable, of class type, pointers to members and methods, this, initialisation order.
#include <cstdio>

class Part {
    int number;

public:
    static int built;
    explicit Part(int number) : number(number) {
        built++;
        std::printf("part %d ", number);
    }
    ~Part() { built--; }
    int value() const { return number; }
};

int Part::built = 0;

class Machine {
    Part first, second;
    mutable int reads = 0;
    const int serial;

public:
    int speed = 1;
    int heat = 2;
    static constexpr int limit = 9;
    inline static double price = 2.5;

    explicit Machine(int serial) : first(serial + 1), second(first.value() * 2), serial(serial) { std::printf("ready\n"); }
    int faster(int by) {
        this->speed += by;
        return speed > limit ? limit : speed;
    }
    int cooler(int by) {
        heat -= by;
        return heat;
    }
    int read() const {
        reads++;
        return first.value() + second.value() + serial;
    }
    int times() const { return reads; }
    Machine &chain() {
        heat++;
        return *this;
    }
};

static Machine spare(50);

class Journal {
    struct Entry {
        int day, visits;
    };
    Entry entries[3] = {{1, 30}, {2, 10}, {5, 20}};
    int used = 2;

public:
    void print() const {
        for (int i = 0; i < used; i++)
            std::printf("day %d: %d\n", entries[i].day, entries[i].visits);
    }
};

static int run(Machine &machine, int (Machine::*method)(int), int argument) { return (machine.*method)(argument); }

int main() {
    Machine machine(7);
    int sum = machine.read() + machine.read();
    std::printf("sum %d, reads %d, built %d\n", sum, machine.times(), Part::built);
    int fast = run(machine, &Machine::faster, 20);
    int cool = run(machine.chain().chain(), &Machine::cooler, 3);
    std::printf("fast %d cool %d\n", fast, cool);
    int Machine::*field = &Machine::heat;
    spare.*field = 60;
    field = &Machine::speed;
    spare.*field += 5;
    Machine::price *= 2;
    std::printf("spare %d %d price %.1f\n", spare.heat, spare.speed, Machine::price);
    Journal journal;
    journal.print();
    return 0;
}
