/* Multiplies matrices: floating point in nested loops. */
#include <stdio.h>

#define SIZE 300

static double left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static void multiply(void) {
    for (int row = 0; row < SIZE; row++)
        for (int column = 0; column < SIZE; column++) {
            double sum = 0;
            for (int k = 0; k < SIZE; k++)
                sum += left[row][k] * right[k][column];
            product[row][column] = sum;
        }
}

int main(void) {
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            left[i][j] = i + j;
            right[i][j] = i - j;
        }
    for (int round = 0; round < 20; round++)
        multiply();
    printf("%.0f\n", product[SIZE - 1][SIZE - 1]);
    return 0;
}
