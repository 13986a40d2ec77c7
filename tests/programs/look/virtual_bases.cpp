// Classes whose bases lie where only the object says. lldb would take their place from tables of 8-byte addresses, and is not
// shown these bases, or those that have them.
#include <cstdio>

struct Device {
    int power = 5;
    int watts = 60;
};
struct Scanner : virtual Device {
    int pages = 7;
    int scan() {
        int before = power; // stop
        //= pages -> 7
        //gdb= power -> 5
        //gdb= this->watts -> 60
        //gdb= ((Device *)this)->watts -> 60
        power--;
        return before;
    }
};
struct Printer : virtual Device {
    int sheets = 9;
};
struct Copier : Scanner, Printer {
    int copies = 11;
};

int main() {
    Copier copier;
    Scanner plain;
    Copier *whole = &copier;
    Scanner *part = &copier, *alone = &plain;
    Printer &printer = copier;
    int sum = part->scan() + alone->pages;
    printf("%d\n", sum + printer.sheets + whole->copies); // stop
    //= whole->copies -> 11
    //gdb= whole->sheets -> 9
    //gdb= whole->power -> 4
    //gdb= part->power -> 4
    //gdb= alone->power -> 5
    //gdb= printer.watts -> 60
    //gdb= copier.power -> 4
    return 0;
}
