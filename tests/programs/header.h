// Code in a header: included twice by header.c, with another type each time.
static TYPE NAME(largest)(const TYPE *items, int count) {
    TYPE best = items[0];
    for (int i = 1; i < count; i++)
        if (items[i] > best)
            best = items[i];
    return best;
}

static inline TYPE NAME(twice)(TYPE item) {
    TYPE doubled = item + item;
    return doubled;
}
