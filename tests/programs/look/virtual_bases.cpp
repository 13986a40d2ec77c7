// Classes whose bases lie where only the object says. lldb would take their place from tables of 8-byte addresses: its expressions
// are not shown these bases, or those that have them.
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
        //v= power -> 5
        //v= this->watts -> 60
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
    //v= whole->sheets -> 9
    //v= whole->power -> 4
    //v= part->power -> 4
    //v= alone->power -> 5
    //v= printer.watts -> 60
    //v= copier.power -> 4
    return 0;
}
