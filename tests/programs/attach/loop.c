// Runs until a debugger that attaches sets `go_on`, or half a minute.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct dwarf {
    char name[8]; // in the node: string literals are at low addresses, which not every gdb can read
    int age;
    struct dwarf *next;
};

volatile int go_on = 1;

static struct dwarf *add(struct dwarf *head, int age, char first) {
    struct dwarf *dwarf = malloc(sizeof *dwarf);
    snprintf(dwarf->name, sizeof dwarf->name, "%c-name", first);
    dwarf->age = age;
    dwarf->next = head;
    return dwarf;
}

static int visit(struct dwarf *who, int round) {
    int older = who->next->next->age + 1;
    return older + (round > 0);
}

int main(void) {
    struct dwarf *company = add(add(add(NULL, 178, 'B'), 169, 'D'), 195, 'T');
    int years = 0;
    puts("running");
    fflush(stdout);
    for (int round = 1; go_on && round < 1500; round++) {
        years = visit(company, round);
        usleep(20000);
    }
    printf("left with %d, %d\n", years, go_on);
    return 7;
}
