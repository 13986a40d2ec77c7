// Enums: with gaps, negative, as flags, typedef'd, anonymous, as array index.
#include <stdio.h>

enum color { RED, GREEN = 5, BLUE };
enum level { LOW = -10, MIDDLE = 0, HIGH = 10 };
enum access { READ = 1, WRITE = 2, EXECUTE = 4 };
typedef enum { NORTH, EAST, SOUTH, WEST, DIRECTIONS } direction;
enum { LIMIT = 6 };

static enum color favourite = GREEN;
static const char *const names[DIRECTIONS] = {"north", "east", "south", "west"};

static direction turn(direction from, int quarters) {
    int to = ((int)from + quarters) % DIRECTIONS;
    return (direction)to;
}

static enum level classify(int temperature) {
    enum level level = MIDDLE;
    if (temperature < 5)
        level = LOW;
    else if (temperature > 25)
        level = HIGH;
    return level;
}

static int count(unsigned access) {
    int bits = 0;
    bits += (access & READ) != 0;
    bits += (access & WRITE) != 0;
    bits += (access & EXECUTE) != 0;
    return bits;
}

int main(void) {
    direction heading = NORTH;
    for (int step = 0; step < LIMIT; step++) {
        heading = turn(heading, step);
        printf("%s ", names[heading]);
    }
    printf("\n");
    enum level cold = classify(-3), warm = classify(30);
    printf("levels %d %d\n", cold, warm);
    enum access access = READ;
    unsigned both = access | (unsigned)WRITE;
    printf("access %d %d\n", count(access), count(both | EXECUTE));
    favourite = BLUE;
    printf("favourite %d\n", favourite);
    return 0;
}
