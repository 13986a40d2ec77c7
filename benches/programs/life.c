/* Plays Conway's game of life: loads and stores of bytes. */
#include <stdio.h>
#include <string.h>

#define SIZE 256

static unsigned char grid[SIZE][SIZE], next[SIZE][SIZE];

static int alive(int row, int column) { return grid[row & (SIZE - 1)][column & (SIZE - 1)]; }

int main(void) {
    unsigned state = 1, count = 0;
    for (int i = 0; i < SIZE * SIZE; i++)
        grid[i / SIZE][i % SIZE] = (state = state * 1664525 + 1013904223) >> 31;
    for (int round = 0; round < 100; round++) {
        for (int row = 0; row < SIZE; row++)
            for (int column = 0; column < SIZE; column++) {
                int around = -alive(row, column);
                for (int i = -1; i <= 1; i++)
                    for (int j = -1; j <= 1; j++)
                        around += alive(row + i, column + j);
                next[row][column] = around == 3 || (around == 2 && alive(row, column));
            }
        memcpy(grid, next, sizeof grid);
    }
    for (int i = 0; i < SIZE * SIZE; i++)
        count += grid[i / SIZE][i % SIZE];
    printf("%u\n", count);
    return 0;
}
