// Arrays: two and three dimensions, passed as parameters, of structs, of arrays, pointers into them.
#include <stdio.h>

struct cell {
    short row, column;
    char mark;
};

static int grid[3][4];
static struct cell board[2][2];

static void fill(int rows, int (*table)[4]) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < 4; column++)
            table[row][column] = row * 10 + column;
}

static int trace(int cube[2][3][2]) {
    int total = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++) {
            int *pair = cube[i][j];
            total += pair[0] * pair[1];
        }
    return total;
}

static int sum(const int *from, const int *to) {
    int total = 0;
    while (from != to)
        total += *from++;
    return total;
}

int main(void) {
    fill(3, grid);
    int corner = grid[2][3];
    int row_sum = sum(grid[1], grid[1] + 4);
    printf("corner %d, row %d\n", corner, row_sum);
    int cube[2][3][2] = {{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};
    printf("trace %d\n", trace(cube));
    for (short row = 0; row < 2; row++)
        for (short column = 0; column < 2; column++) {
            struct cell *cell = &board[row][column];
            cell->row = row;
            cell->column = column;
            cell->mark = (char)('a' + row * 2 + column);
        }
    printf("%c%c%c%c\n", board[0][0].mark, board[0][1].mark, board[1][0].mark, board[1][1].mark);
    unsigned char triangle[5][5] = {{1}};
    for (int n = 1; n < 5; n++) {
        triangle[n][0] = 1;
        for (int k = 1; k <= n; k++)
            triangle[n][k] = triangle[n - 1][k - 1] + triangle[n - 1][k];
    }
    printf("pascal %d %d %d\n", triangle[4][1], triangle[4][2], triangle[4][4]);
    return 0;
}
