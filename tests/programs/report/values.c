// Arguments and locals of all kinds when it traps.
#include <stdbool.h>
#include <stddef.h>

enum color { RED, GREEN = 5, BLUE };
union both {
    int number;
    float real;
};
struct flags {
    unsigned ready : 1;
    int level : 4;
};
struct person {
    const char *name;
    int age;
    enum color favourite;
    struct flags flags;
    double height;
    struct person *next;
};

static volatile int seven = 7;

static int twice(int value) {
    return 2 * value;
}

static int inspect(const struct person *who, enum color color, bool yes, char letter, long long big, float real,
                   int (*function)(int), const char *nothing) {
    int numbers[12] = {1, 2, 3, -4, 5, 6, 7, 8, 9, 10, 11, 12};
    char text[16] = "quoted \"text\"\n";
    struct person copy = *who;
    union both both = {.number = 7};
    unsigned char byte = 200;
    const char **names = (const char **)&copy.name;
    {
        int inner = numbers[3] + byte;
        int zero = both.number - seven;
        int later = inner / zero;
        return later + function(letter) + (int)real + (big != 0) + color + yes + (nothing != NULL) + (names != NULL) + text[0];
    }
}

int main(void) {
    struct person second = {"Bombur", 150, RED, {0, 0}, 1.25, NULL};
    struct person first = {"Bifur", 147, BLUE, {1, -3}, 1.5, &second};
    return inspect(&first, GREEN, true, 'x', -5000000000LL, 0.5f, twice, NULL);
}
// report: -O0 -g
// report: -O1 -g
