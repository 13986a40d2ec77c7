// A reactor of which there are several instances at once.
struct part {
    int number;
    const char *name;
    struct part *next;
};

static int counter;
static struct part parts[2] = {{1, "first", &parts[1]}, {2, "second", 0}};

static int look(struct part *part) {
    return part->number + part->next->number + counter;
}

__attribute__((export_name("count"))) int count(int by) {
    counter += by;
    parts[1].number = 10 * by;
    return look(parts);
}
