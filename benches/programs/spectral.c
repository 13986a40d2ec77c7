/* Multiplies a matrix that is computed as it is needed: floating-point division and calls of small functions. */
#include <math.h>
#include <stdio.h>

#define N 500

static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(const double *by, double *product, int turned) {
    for (int i = 0; i < N; i++) {
        product[i] = 0;
        for (int j = 0; j < N; j++)
            product[i] += (turned ? element(j, i) : element(i, j)) * by[j];
    }
}

int main(void) {
    static double u[N], v[N], between[N];
    double uv = 0, vv = 0;
    for (int i = 0; i < N; i++)
        u[i] = 1;
    for (int round = 0; round < 10; round++) {
        multiply(u, between, 0), multiply(between, v, 1);
        multiply(v, between, 0), multiply(between, u, 1);
    }
    for (int i = 0; i < N; i++)
        uv += u[i] * v[i], vv += v[i] * v[i];
    printf("%.9f\n", sqrt(uv / vv));
    return 0;
}
