/* Builds trees and walks them: calls, direct and by pointer, and the allocator. */
#include <stdio.h>
#include <stdlib.h>

struct node {
    struct node *left, *right;
    long value;
};

static struct node *grow(int depth) {
    struct node *node = malloc(sizeof *node);
    node->value = depth;
    node->left = depth ? grow(depth - 1) : NULL;
    node->right = depth ? grow(depth - 1) : NULL;
    return node;
}

static void walk(struct node *node, long (*visit)(long, long), long *total) {
    if (!node)
        return;
    walk(node->left, visit, total);
    *total = visit(*total, node->value);
    walk(node->right, visit, total);
    free(node);
}

static long add(long total, long value) { return total + value; }
static long mix(long total, long value) { return total * 31 + value; }

int main(int count, char **words) {
    (void)words;
    long (*visits[])(long, long) = {add, mix};
    long total = 0;
    for (int round = 0; round < 250; round++)
        walk(grow(15), visits[(round + count) % 2], &total);
    printf("%ld\n", total);
    return 0;
}
