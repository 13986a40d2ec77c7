// A ring buffer of messages and a queue of two stacks.
#include <stdbool.h>
#include <stdio.h>

struct message {
    unsigned char kind;
    unsigned short length;
    int payload;
};

struct ring {
    struct message slots[4];
    unsigned head, tail;
    bool overflowed;
};

static struct ring ring;

static bool put(struct ring *into, struct message message) {
    if (into->head - into->tail == 4) {
        into->overflowed = true;
        return false;
    }
    into->slots[into->head++ % 4] = message;
    return true;
}

static bool take(struct ring *from, struct message *message) {
    if (from->head == from->tail)
        return false;
    *message = from->slots[from->tail++ % 4];
    return true;
}

struct queue {
    int in[8], out[8];
    int ins, outs;
};

static void enqueue(struct queue *queue, int item) { queue->in[queue->ins++] = item; }

static int dequeue(struct queue *queue) {
    if (queue->outs == 0)
        while (queue->ins)
            queue->out[queue->outs++] = queue->in[--queue->ins];
    return queue->out[--queue->outs];
}

int main(void) {
    int sent = 0, total = 0;
    for (int i = 0; i < 6; i++) {
        struct message message = {(unsigned char)i, (unsigned short)(i * 1000), i - 3};
        sent += put(&ring, message);
        if (i % 3 == 2) {
            struct message taken;
            while (take(&ring, &taken))
                total += taken.length + taken.payload;
        }
    }
    printf("sent %d total %d overflowed %d\n", sent, total, ring.overflowed);
    struct queue queue = {{0}, {0}, 0, 0};
    enqueue(&queue, 10);
    enqueue(&queue, 20);
    int first = dequeue(&queue);
    enqueue(&queue, 30);
    int second = dequeue(&queue), third = dequeue(&queue);
    printf("queue %d %d %d\n", first, second, third);
    return 0;
}
