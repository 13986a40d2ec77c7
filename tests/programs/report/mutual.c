// Three functions call each other without end.
static volatile int count;

static void first(int depth);

static void third(int depth) {
    count++;
    first(depth + 1);
    count--;
}

static void second(int depth) {
    third(depth);
    count++;
}

static void first(int depth) {
    second(depth);
    count++;
}

int main(void) {
    first(0);
    return count;
}
// report: -O0 -g
