// Everything that lives outside the stack: globals, file statics, function statics, constants, zeroed and initialised.
#include <stdio.h>

int global = 7;
int zeroed;
static short table[4] = {1, -2, 3, -4};
static const char *label = "start";
static double ratio = 0.75;
static struct {
    char tag;
    int hits;
    long long total;
} stats = {'s', 0, -1};
extern int later;

static int count(void) {
    static int calls;
    static int step = 3;
    calls++;
    step += calls;
    return step;
}

static int other(void) {
    static int calls = 100;
    calls -= 10;
    return calls;
}

static int nested(int which) {
    if (which) {
        static int taken = 1;
        taken *= 2;
        return taken;
    } else {
        static int taken = -1;
        taken--;
        return taken;
    }
}

static void hit(int amount) {
    stats.hits++;
    stats.total += amount;
    table[stats.hits & 3] = (short)amount;
    zeroed |= 1 << stats.hits;
}

int later = 11;

int main(void) {
    for (int i = 0; i < 3; i++) {
        int a = count();
        int b = other();
        printf("%d %d ", a, b);
    }
    int first = nested(1), second = nested(0), third = nested(1);
    printf("\n%d %d %d\n", first, second, third);
    hit(5);
    hit(50);
    label = "middle";
    hit(500);
    global += later--;
    ratio *= 2;
    printf("%c %d %lld\n", stats.tag, stats.hits, stats.total);
    printf("%d %d %d %s %.2f\n", global, zeroed, later, label, ratio);
    printf("%d %d %d %d\n", table[0], table[1], table[2], table[3]);
    return 0;
}
