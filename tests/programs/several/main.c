// Several translation units: each has a static of the same name, and the header has code.
#include "stack.h"
#include "words.h"
#include <stdio.h>

static int limit = 12;

int main(void) {
    struct stack stack = {{0}, 0};
    int refused = 0;
    for (int i = 0; i < limit; i++)
        if (!stack_push(&stack, i * i))
            refused++;
    int total = 0;
    while (!stack_empty(&stack)) {
        int item = stack_pop(&stack);
        total += item;
    }
    printf("pushes %d, refused %d, total %d\n", pushes, refused, total);
    int words = count_words("several units, one program");
    printf("words %d\n", words);
    return 0;
}
