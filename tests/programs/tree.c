// A binary search tree in an arena: insert, find, depth, walk in order.
#include <stdio.h>

struct tree {
    struct tree *left, *right;
    short key;
    char name[6];
};

static struct tree arena[16];
static unsigned used;

static struct tree *make(short key, const char *name) {
    struct tree *tree = &arena[used++];
    tree->left = tree->right = NULL;
    tree->key = key;
    int i = 0;
    for (; name[i] && i < 5; i++)
        tree->name[i] = name[i];
    tree->name[i] = '\0';
    return tree;
}

static struct tree *insert(struct tree *tree, short key, const char *name) {
    if (!tree)
        return make(key, name);
    if (key < tree->key)
        tree->left = insert(tree->left, key, name);
    else if (key > tree->key)
        tree->right = insert(tree->right, key, name);
    return tree;
}

static const struct tree *find(const struct tree *tree, short key) {
    while (tree && tree->key != key)
        tree = key < tree->key ? tree->left : tree->right;
    return tree;
}

static int depth(const struct tree *tree) {
    if (!tree)
        return 0;
    int left = depth(tree->left);
    int right = depth(tree->right);
    return 1 + (left > right ? left : right);
}

static void walk(const struct tree *tree, int level) {
    if (!tree)
        return;
    walk(tree->left, level + 1);
    printf("%*s%d %s\n", level * 2, "", tree->key, tree->name);
    walk(tree->right, level + 1);
}

int main(void) {
    static const short keys[] = {50, 20, 70, 10, 30, 60, 80, 30};
    static const char *const names[] = {"root", "twenty", "seven", "ten", "third", "sixty", "eighty", "again"};
    struct tree *root = NULL;
    for (int i = 0; i < 8; i++)
        root = insert(root, keys[i], names[i]);
    walk(root, 0);
    const struct tree *found = find(root, 60);
    const struct tree *missing = find(root, 61);
    printf("used %u, depth %d, found %s, missing %d\n", used, depth(root), found ? found->name : "?", missing == NULL);
    return 0;
}
