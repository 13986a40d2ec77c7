// What is asked through pointers to C's own types, and watched at addresses.
#include <stdlib.h>

struct node { int value; struct node *next; };

static unsigned char letters[4] = {97, 98, 99, 0};

static void poke(struct node *head) {
    head->next->value = 5;
}

static int sum(const int *values, int count) {
    int total = 0;
    for (int i = 0; i < count; i++)
        total += values[i]; // sum
    return total;
}

int main(void) {
    int values[6] = {5, 3, 9, 1, 7, 2};
    void *any = values;
    double half = 0.5;
    void *to_half = &half, *to_letters = letters;
    struct node *last = calloc(1, sizeof *last), *head = calloc(1, sizeof *head);
    head->next = last;
    last->value = 2;
    int total = sum(values, 6); // stop
    poke(head);
    return total - 27 + last->value - 5 + (any == 0) + (to_half == 0) + (to_letters == 0);
}
