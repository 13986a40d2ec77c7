// Control flow: every loop, break, continue, switch with fall-through, goto, the conditional and comma operators.
#include <stdio.h>

static int loops(int limit) {
    int total = 0;
    for (int i = 0; i < limit; i++) {
        if (i == 2)
            continue;
        if (i == 7)
            break;
        total += i;
    }
    int down = limit;
    while (down > 0) {
        down -= 3;
        total += down;
    }
    do {
        total--;
    } while (total % 5);
    while (total <= 40) {
        if (total == 39)
            break;
        total += 7;
    }
    return total;
}

static const char *name(int day) {
    const char *result;
    switch (day) {
    case 0:
    case 6:
        result = "weekend";
        break;
    case 3:
        result = "middle";
        break;
    default:
        result = day < 0 ? "never" : "work";
    }
    return result;
}

static int sparse(int code) {
    int score = 0;
    switch (code) {
    case 1:
        score += 1; /* falls through */
    case 10:
        score += 10; /* falls through */
    case 100:
        score += 100;
        break;
    case 100000:
        score = -1;
    }
    return score;
}

static int search(int wanted) {
    int row, column = 0;
    for (row = 0; row < 4; row++)
        for (column = 0; column < 4; column++)
            if (row * column == wanted)
                goto found;
    return -1;
found:
    return row * 10 + column;
}

static int number(const char *text) {
    int value = 0, sign = 1;
    if (*text == '-')
        sign = -1, text++;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (*text++ - '0');
    return sign * value;
}

int main(void) {
    printf("loops %d\n", loops(10));
    printf("%s %s %s %s\n", name(6), name(3), name(1), name(-1));
    printf("%d %d %d %d %d\n", sparse(1), sparse(10), sparse(100), sparse(100000), sparse(5));
    printf("search %d %d\n", search(6), search(7));
    int i, j;
    for (i = 0, j = 10; i < j; i++, j -= 2)
        ;
    printf("met at %d %d\n", i, j);
    printf("numbers %d %d\n", number("-42"), number("7x"));
    return 0;
}
