/* Compares words by their edits: a table of minima. */
#include <stdio.h>
#include <string.h>

#define LENGTH 120

static int smallest(int a, int b, int c) {
    int least = a < b ? a : b;
    return least < c ? least : c;
}

static int distance(const char *a, const char *b) {
    int rows[2][LENGTH + 1];
    int width = (int)strlen(b);
    for (int j = 0; j <= width; j++)
        rows[0][j] = j;
    int row = 0;
    for (int i = 0; a[i]; i++, row ^= 1) {
        rows[row ^ 1][0] = i + 1;
        for (int j = 0; j < width; j++)
            rows[row ^ 1][j + 1] = smallest(rows[row][j + 1] + 1, rows[row ^ 1][j] + 1, rows[row][j] + (a[i] != b[j]));
    }
    return rows[row][width];
}

int main(void) {
    static char words[40][LENGTH + 1];
    unsigned state = 1;
    long sum = 0;
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < LENGTH - i; j++)
            words[i][j] = (char)('a' + ((state = state * 1664525 + 1013904223) >> 24) % 6);
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < 40; j++)
            sum += distance(words[i], words[j]);
    printf("%ld\n", sum);
    return 0;
}
