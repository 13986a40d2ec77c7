struct node {
    int value;
    struct node *next;
};
struct box {
    const struct node *first;
    struct node *volatile hot;
    int *const fixed;
    const volatile int *shared;
    char *const *names;
};
static char *const names[2] = {"one", "two"};

static int work(struct node *const n, struct box *b) {
    struct node *both[2] = {n, 0};
    const struct node *grid[1][2] = {{n, n}};
    volatile int *const counter = &n->value;
    *counter += 1; // here
    return both[0]->value + grid[0][1]->value + *b->fixed;
}

int main(void) {
    struct node n = {1, 0};
    struct box b = {&n, &n, &n.value, &n.value, names};
    return work(&n, &b) == 6 ? 0 : 1;
}
