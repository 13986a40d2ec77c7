// What a person looks at through pointers. `//=` lines say what is asked at the `// stop` line before them, and what the answer is.
#include <stdio.h>
#include <stdlib.h>

typedef struct inner {
    int number;
    double half;
} inner;

enum colour { RED, GREEN };

struct node {
    int x;
    inner in;
    inner row[3];
    struct node *next;
    const char *name;
    int *ip;
    int **ipp;
    enum colour colour;
    enum colour *shade;
    struct node *slots[2];
    int grid[2][3];
    void *opaque;
    int (*work)(int);
    union {
        int i;
        char *text;
    } either;
};

static struct node first;
static struct node *head;
static int numbers[4] = {1, 20, 300, 4000};
static const char *const words[] = {"zero", "one", "two"};

static void touch(struct node *node) {
    node->x += 5;
}

static int twice(int number) {
    return 2 * number;
}

static int thrice(int number) {
    return 3 * number;
}

typedef int (*worker)(int);
static const worker works[] = {twice, thrice};

static inner *find_row(inner *row, int number) {
    while (row->number != number) {
        row++;
    }
    return row;
}

int main(void) {
    struct node *node = calloc(1, sizeof *node), *last = &first, *none = NULL;
    int local = 7, *to_local = &local, **to_pointer = &to_local;
    int (*grid)[3] = node->grid;
    node->x = twice(0);
    struct node object = {.x = 11, .next = node};
    node->x = 1;
    node->in.number = 2;
    node->in.half = 2.5;
    node->row[1].number = 31;
    node->row[2].half = 32.5;
    node->next = last;
    node->name = words[1];
    node->ip = numbers;
    node->ipp = &node->ip;
    node->colour = GREEN;
    node->shade = &node->colour;
    node->slots[0] = node;
    node->slots[1] = last;
    node->grid[1][2] = 12;
    node->opaque = last;
    node->work = works[1];
    last->work = twice;
    worker worker = works[0], *to_worker = &node->work;
    node->either.text = (char *)words[2];
    last->x = 100;
    last->name = "last";
    last->row[2].number = 132;
    head = node;
    inner *found = find_row(node->row, 31);
    touch(node); // stop
    //lldb= twice(21) -> 42
    //lldb= twice(node->next->x) -> 200
    //lldb= find_row(node->row, 31)->half -> 0
    //= node->x -> 1
    //= node->in.half -> 2.5
    //= node->row[1].number -> 31
    //= found->number -> 31
    //= found[1].half -> 32.5
    //= node->next->x -> 100
    //= node->next->next -> null
    //= node->next->row[2].number -> 132
    //= node->slots[1]->x -> 100
    //= node->slots[0]->slots[1]->row[2].number -> 132
    //= (*node).next->x -> 100
    //= head->next->x -> 100
    //= object.next->next->x -> 100
    //= *node->ip -> 1
    //= node->ip[2] -> 300
    //= **node->ipp -> 1
    //= *to_local -> 7
    //= **to_pointer -> 7
    //= *node->shade -> GREEN
    //= grid[1][2] -> 12
    //= node->grid[1][2] -> 12
    //= none -> null
    //= worker -> &twice
    //= works[1] -> &thrice
    //= node->work -> &thrice
    //= node->next->work -> &twice
    //= numbers[3] -> 4000
    //= node->name -> "one"
    //= node->next->name -> "last"
    //= words[2] -> "two"
    //= node->either.text -> "two"
    //= node->next == last -> 1
    //= node->next != last -> 0
    //= last == &first -> 1
    //= node->x + *to_local -> 8
    //= (node->row + 1)->number -> 31
    //= ((struct node *)(void *)node->opaque)->x -> 100
    //gdb= ((struct node *)node->opaque)->x -> 100
    //gdb= *found -> {number = 31, half = 0}
    //gdb= *node->row@2 -> {{number = 0, half = 0}, {number = 31, half = 0}}
    //! node->next->x = 101
    //= first.x -> 101
    //! node->row[1].half = 1.25
    //= found->half -> 1.25
    //! *to_local = 8
    //= local -> 8
    //@ node->x
    printf("%s %d %d %d %d\n", node->name, node->x, local, object.x, worker(1) + (*to_worker)(1));
    return 0;
}
