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
// The base is one, however often it is said.
struct Fax : Scanner, virtual Device {
    int lines = 13;
};
// A virtual base of a virtual base is not in that one.
struct Office : Fax, virtual Printer {
    int desks = 17;
};
struct Terminal : virtual Device, Fax {
    int keys = 15;
};

int main() {
    Fax fax;
    fax.power = 6;
    Terminal terminal;
    terminal.watts = 61;
    Office office;
    office.sheets = 10;
    Office *offices = &office;
    Fax *sender = &fax, *receiver = &terminal;
    Terminal *whole_terminal = &terminal;
    Copier copier;
    Scanner plain;
    Copier *whole = &copier;
    Scanner *part = &copier, *alone = &plain;
    Printer &printer = copier;
    int sum = part->scan() + alone->pages;
    sum += offices->sheets + sender->lines + receiver->lines + whole_terminal->keys;
    printf("%d\n", sum + printer.sheets + whole->copies); // stop
    //v= sender->power -> 6
    //v= sender->pages -> 7
    //v= receiver->watts -> 61
    //v= receiver->power -> 5
    //v= whole_terminal->watts -> 61
    //v= whole_terminal->lines -> 13
    //v= offices->sheets -> 10
    //v= offices->watts -> 60
    //gdb= sizeof(*offices) == sizeof(office) -> 1
    //gdb= ((Printer *)offices)->sheets -> 10
    //gdb= ((Device *)sender)->power -> 6
    //gdb= ((Device *)whole_terminal)->watts -> 61
    //gdb= sender->Device::power -> 6
    //= whole->copies -> 11
    //v= whole->sheets -> 9
    //v= whole->power -> 4
    //v= part->power -> 4
    //v= alone->power -> 5
    //v= printer.watts -> 60
    //v= copier.power -> 4
    return 0;
}
