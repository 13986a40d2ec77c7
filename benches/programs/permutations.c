/* Reverses beginnings of permutations: short loops over small arrays. */
#include <stdio.h>

#define N 9

int main(void) {
    int order[N], copy[N], count[N], most = 0, sum = 0, sign = 1, left = N;
    for (int i = 0; i < N; i++)
        order[i] = i;
    for (;;) {
        for (; left > 1; left--)
            count[left - 1] = left;
        for (int i = 0; i < N; i++)
            copy[i] = order[i];
        int flips = 0;
        while (copy[0]) {
            for (int low = 0, high = copy[0]; low < high; low++, high--) {
                int kept = copy[low];
                copy[low] = copy[high];
                copy[high] = kept;
            }
            flips++;
        }
        most = flips > most ? flips : most;
        sum += sign * flips;
        sign = -sign;
        for (;; left++) {
            if (left == N) {
                printf("%d %d\n", sum, most);
                return 0;
            }
            int first = order[0];
            for (int i = 0; i < left; i++)
                order[i] = order[i + 1];
            order[left] = first;
            if (--count[left] > 0)
                break;
        }
    }
}
