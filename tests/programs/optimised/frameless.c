// Functions without a frame in memory: no frame base tells that their locals have other numbers.
int values[8];

__attribute__((noinline)) int add(int value, int scale) {
    values[value & 7] += scale;
    return values[scale & 7];
}

__attribute__((noinline)) int table(int rows, int columns) {
    int total = 0;
    for (int row = 0; row < rows; row++) {
        int first = row * columns;
        for (int column = 0; column < columns; column++) {
            int cell = first + column;
            total += add(cell, total);
        }
        add(first, row);
    }
    return total;
}

int run(int count) {
    int rows = add(count, 3) & 3;
    int all = table(rows + 2, count);
    while (count-- > 0) {
        int before = all;
        all = add(all, rows) + before;
    }
    return all;
}
