// A linked list to step through: see session.gdb.
#include <stdio.h>
#include <stdlib.h>

struct dwarf {
    const char *name;
    int age;
    struct dwarf *next;
};

int counter;                      // a global variable
static const char *last = "none"; // and a static one

static struct dwarf *add(struct dwarf *head, const char *name, int age) {
    struct dwarf *dwarf = malloc(sizeof *dwarf);
    if (!dwarf)
        abort();
    dwarf->name = name;
    dwarf->age = age;
    dwarf->next = head;
    last = name;
    counter++;
    return dwarf;
}

static int total_age(const struct dwarf *head) {
    int total = 0;
    for (const struct dwarf *at = head; at; at = at->next)
        total += at->age;
    return total;
}

int main(void) {
    struct dwarf *company = NULL;
    company = add(company, "Balin", 178);
    company = add(company, "Dwalin", 169);
    company = add(company, "Thorin", 195);
    int total = total_age(company);
    printf("%d dwarves are %d years old, %s came last\n", counter, total, last);
    return 0;
}
