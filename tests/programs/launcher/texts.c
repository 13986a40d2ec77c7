// Texts that a debugger assigns: to arrays of their length and longer, and to a pointer, for which it allocates in the program.
#include <stdlib.h>

struct record { char name[6]; int after; };

int main(void) {
    char whole[3] = "ab", longer[8] = "longer";
    struct record record = {"hello", 7};
    const char *pointer = "text";
    void *room = malloc(8);
    return whole[0] + longer[0] + record.after + pointer[0] + (room == 0) == 0; // stop
}
