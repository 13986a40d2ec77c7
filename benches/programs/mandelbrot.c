/* Draws the Mandelbrot set: floating point in registers, and a loop that ends anywhere. */
#include <stdio.h>

int main(void) {
    long inside = 0;
    for (int row = 0; row < 400; row++)
        for (int column = 0; column < 400; column++) {
            double cx = column / 160.0 - 1.8, cy = row / 160.0 - 1.25, x = 0, y = 0;
            int rounds = 0;
            while (rounds < 150 && x * x + y * y < 4) {
                double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                rounds++;
            }
            inside += rounds;
        }
    printf("%ld\n", inside);
    return 0;
}
