// A company on its way: structures that point at each other. Press F5 in this folder; README.md says how.
#include <stdio.h>
#include <stdlib.h>

struct weapon {
    const char *name;
    int sharpness;
};

struct dwarf {
    const char *name;
    int age;
    struct weapon *weapon;
    struct dwarf *next;
};

static struct weapon axe = {"axe", 7};
static struct weapon hammer = {"hammer", 2};
int counter;

static struct dwarf *join(struct dwarf *head, const char *name, int age, struct weapon *weapon) {
    struct dwarf *dwarf = malloc(sizeof *dwarf);
    if (!dwarf)
        abort();
    *dwarf = (struct dwarf){name, age, weapon, head};
    counter++;
    return dwarf;
}

static int strength(const struct dwarf *head) {
    int total = 0;
    for (const struct dwarf *at = head; at; at = at->next)
        total += at->weapon->sharpness;
    return total;
}

int main(int argc, char **argv) {
    struct dwarf *company = NULL;
    company = join(company, "Balin", 178, &hammer);
    company = join(company, "Dwalin", 169, &axe);
    company = join(company, "Thorin", 195, &axe);
    int total = strength(company);
    printf("%d dwarves of strength %d on %s\n", counter, total, argc > 1 ? argv[1] : "foot");
    return 0;
}
