// A stack of integers, and its statistics: what main.c and stack.c share.
#ifndef STACK_H
#define STACK_H

enum { STACK_SIZE = 8 };

struct stack {
    int items[STACK_SIZE];
    int depth;
};

extern int pushes;

int stack_push(struct stack *stack, int item);
int stack_pop(struct stack *stack);

static inline int stack_empty(const struct stack *stack) {
    int empty = stack->depth == 0;
    return empty;
}

#endif
