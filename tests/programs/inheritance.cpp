// Inheritance: single, multiple, a virtual base, hidden members, conversions to each base.
#include <cstdio>

struct Named {
    char name[8] = "none";
    int id = 1;
    void rename(char letter) { name[0] = letter; }
};

struct Sized {
    int width = 2, height = 3;
    int area() const { return width * height; }
};

struct Window : Named, Sized {
    int id = 10;
    bool open = false;
    int ids() const { return Named::id * 100 + id; }
};

struct Device {
    int power = 5;
};
struct Scanner : virtual Device {
    int pages = 7;
    void scan() {
        power--;
        pages++;
    }
};
struct Printer : virtual Device {
    int sheets = 9;
    void print(int count) {
        power -= count;
        sheets -= count;
    }
};
struct Copier : Scanner, Printer {
    int copies = 0;
    int copy() {
        scan();
        print(1);
        copies++;
        return power;
    }
};

struct Dialog : Window {
    Dialog() { width = 20; }
    short buttons = 2;
};

static Copier office;

static int total(const Sized &sized) { return sized.area(); }
static int supply(const Printer *printer) { return printer->sheets + printer->power; }

int main() {
    Window window;
    window.rename('W');
    window.open = true;
    std::printf("%s %d %d\n", window.name, window.ids(), total(window));
    Dialog dialog;
    dialog.height += dialog.buttons;
    std::printf("dialog %d\n", total(dialog));
    int power = office.copy();
    power += office.copy();
    std::printf("power %d, pages %d, supply %d\n", power, office.pages, supply(&office));
    Named &named = dialog;
    named.id = 77;
    std::printf("ids %d\n", dialog.ids());
    return 0;
}
