// Matrices: multiply, transpose, determinant by elimination, a power of a Fibonacci matrix.
#include <stdio.h>

enum { N = 3 };

typedef struct {
    double at[N][N];
} matrix;

static const matrix unit = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
static int multiplications;

static matrix multiply(const matrix *a, const matrix *b) {
    matrix product = {{{0}}};
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a->at[i][k] * b->at[k][j];
            product.at[i][j] = sum;
        }
    }
    multiplications++;
    return product;
}

static void transpose(matrix *m) {
    for (int i = 0; i < N; i++)
        for (int j = i + 1; j < N; j++) {
            double kept = m->at[i][j];
            m->at[i][j] = m->at[j][i];
            m->at[j][i] = kept;
        }
}

static double determinant(matrix m) {
    double result = 1;
    for (int column = 0; column < N; column++) {
        double pivot = m.at[column][column];
        result *= pivot;
        for (int row = column + 1; row < N; row++) {
            double factor = m.at[row][column] / pivot;
            for (int k = column; k < N; k++)
                m.at[row][k] -= factor * m.at[column][k];
        }
    }
    return result;
}

static matrix power(matrix base, unsigned exponent) {
    matrix result = unit;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = multiply(&result, &base);
        base = multiply(&base, &base);
    }
    return result;
}

int main(void) {
    matrix m = {{{2, 1, 0}, {1, 3, 1}, {0, 5, 4}}};
    double first = determinant(m);
    printf("determinant %.3f\n", first);
    transpose(&m);
    printf("transposed %.1f %.1f\n", m.at[1][2], m.at[2][1]);
    matrix fibonacci = {{{1, 1, 0}, {1, 0, 0}, {0, 0, 1}}};
    matrix high = power(fibonacci, 12);
    printf("fibonacci %.0f in %d\n", high.at[0][1], multiplications);
    return 0;
}
