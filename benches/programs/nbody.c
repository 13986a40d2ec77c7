/* Moves planets: floating point in structures. */
#include <math.h>
#include <stdio.h>

struct body {
    double at[3], speed[3], mass;
};

static struct body bodies[5];

static void step(double time) {
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 5; j++) {
            double between[3], square = 0;
            for (int k = 0; k < 3; k++) {
                between[k] = bodies[i].at[k] - bodies[j].at[k];
                square += between[k] * between[k];
            }
            double by = time / (square * sqrt(square));
            for (int k = 0; k < 3; k++) {
                bodies[i].speed[k] -= between[k] * bodies[j].mass * by;
                bodies[j].speed[k] += between[k] * bodies[i].mass * by;
            }
        }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].at[k] += time * bodies[i].speed[k];
}

int main(void) {
    for (int i = 0; i < 5; i++) {
        bodies[i].mass = 40.0 / (1 + i * i * 8);
        for (int k = 0; k < 3; k++) {
            bodies[i].at[k] = i * (5.0 + k) - k;
            bodies[i].speed[k] = (i - k) * 0.3;
        }
    }
    for (int i = 0; i < 500000; i++)
        step(0.001);
    printf("%.9f %.9f\n", bodies[0].at[0], bodies[4].speed[2]);
    return 0;
}
