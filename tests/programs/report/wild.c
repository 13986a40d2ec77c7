// A pointer read from where no pointer was written.
struct node {
    int value;
    struct node *next;
};

static int sum(const struct node *node) {
    int total = 0;
    while (node) {
        total += node->value;
        node = node->next;
    }
    return total;
}

int main(void) {
    struct node last = {3, (struct node *)0xdeadbeef};
    struct node first = {1, &last};
    return sum(&first);
}
// report: -O0 -g
