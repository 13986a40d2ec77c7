// A singly linked list: build, reverse, filter, free.
#include <stdio.h>
#include <stdlib.h>

struct node {
    int value;
    struct node *next;
};

static int allocated;

static struct node *push(struct node *head, int value) {
    struct node *node = malloc(sizeof *node);
    if (!node)
        abort();
    node->value = value;
    node->next = head;
    allocated++;
    return node;
}

static struct node *reverse(struct node *head) {
    struct node *done = NULL;
    while (head) {
        struct node *next = head->next;
        head->next = done;
        done = head;
        head = next;
    }
    return done;
}

static struct node *drop_odd(struct node *head) {
    struct node **link = &head;
    while (*link) {
        struct node *node = *link;
        if (node->value % 2) {
            *link = node->next;
            free(node);
            allocated--;
        } else {
            link = &node->next;
        }
    }
    return head;
}

static int sum(const struct node *head) {
    int total = 0;
    for (const struct node *at = head; at; at = at->next)
        total += at->value;
    return total;
}

int main(void) {
    struct node *head = NULL;
    for (int i = 1; i <= 8; i++)
        head = push(head, i * i);
    printf("sum %d of %d\n", sum(head), allocated);
    head = reverse(head);
    printf("first %d, second %d\n", head->value, head->next->value);
    head = drop_odd(head);
    printf("even sum %d of %d\n", sum(head), allocated);
    while (head) {
        struct node *gone = head;
        head = head->next;
        free(gone);
        allocated--;
    }
    printf("left %d\n", allocated);
    return 0;
}
