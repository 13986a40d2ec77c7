// The stack itself; `limit` is this file's own, and main.c has another one.
#include "stack.h"

int pushes;
static int limit = STACK_SIZE;

int stack_push(struct stack *stack, int item) {
    if (stack->depth >= limit)
        return 0;
    stack->items[stack->depth++] = item;
    pushes++;
    return 1;
}

int stack_pop(struct stack *stack) {
    if (stack_empty(stack))
        return -1;
    int item = stack->items[--stack->depth];
    return item;
}
