#include "threads.h"

_Thread_local int visits = 7;
static _Thread_local struct { int id; const char *name; } self = {0, "main"};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int total, met;

static void add(int n) {
    pthread_mutex_lock(&mutex);
    total += n;
    pthread_mutex_unlock(&mutex);
}

static void meet(void) {
    __atomic_add_fetch(&met, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&met, __ATOMIC_SEQ_CST) < 3)
        ;
}

static void *work(void *arg) {
    int n = *(int *)arg;
    self.id = n;
    self.name = "worker";
    for (int i = 0; i < n; i++) {
        visits++;
        add(i);
    }
    meet();
    n = visits;
    n += self.id;
#ifdef TRAP
    if (self.id == TRAP)
        __builtin_trap();
    for (;;)
        ;
#endif
#ifdef EXIT
    if (self.id == EXIT)
        exit(40 + EXIT);
    for (;;)
        ;
#endif
    return arg;
}

int main(void) {
    pthread_t workers[2];
    int numbers[2] = {1, 2};
    for (int i = 0; i < 2; i++)
        if (pthread_create(&workers[i], 0, work, &numbers[i]))
            return 1;
    // So that who stops at a meeting finds this thread in its own code, and not in the system's that makes threads.
    __atomic_add_fetch(&met, 1, __ATOMIC_SEQ_CST);
    int sum = 0;
    for (int i = 0; i < 2; i++) {
        void *number;
        pthread_join(workers[i], &number);
        sum += *(int *)number;
    }
    return total * 10 + sum + visits;
}
