// A queue that is checked, and a check that fails: abort() ends it.
#include <stdio.h>
#include <stdlib.h>

#define ROOM 8
static int queue[ROOM];
static unsigned head, tail, pushed, popped;

static void check(int holds) {
    if (!holds)
        abort();
}

static void push(int value) {
    check(tail - head < ROOM);
    queue[tail++ % ROOM] = value;
    pushed++;
}

static int pop(void) {
    check(head != tail);
    popped++;
    return queue[head++ % ROOM];
}

int main(void) {
    int sum = 0;
    char word[16];
    while (scanf("%15s", word) == 1)
        push(word[0]);
    while (popped < pushed)
        sum += pop();
    printf("%d\n", sum);
    fflush(stdout);
    for (int i = 0; i < ROOM; i++)
        push(i);
    push(sum);
    return 0;
}
