// A global constructor that traps before main.
struct Table {
    int *cells;
    explicit Table(int *cells) : cells(cells) { cells[100] = 1; }
};

static int *allocate(int count) {
    return count > 0 ? new int[count] : nullptr;
}

static Table table(allocate(-1) - 200);

int main() {
    return table.cells[0];
}
// report: -O0 -g
