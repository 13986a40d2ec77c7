/* POSIX threads as far as threads.c needs them: those of the system or, for WebAssembly, made of wasi-threads without a C library. */
#ifndef __wasm__
#include <pthread.h>
#else

typedef struct thread {
    char *stack;
    char *tls;
    void *(*start)(void *);
    void *arg;
    void *result;
    int is_running;
} *pthread_t;

typedef int pthread_mutex_t;
#define PTHREAD_MUTEX_INITIALIZER 0

#define THREADS 4
#define STACK 65536

__attribute__((import_module("wasi"), import_name("thread-spawn"))) int spawn(struct thread *);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"), noreturn)) void exit(int);
void __wasm_init_tls(char *);
int main(void);

static _Alignas(16) char stacks[THREADS][STACK];
static _Alignas(16) char tls[THREADS][1024];
static struct thread threads[THREADS];
static int started;

/* A new instance's stack pointer is that of the first thread. */
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype run (i32) -> ()\n"
    ".globl wasi_thread_start\n"
    ".export_name wasi_thread_start, wasi_thread_start\n"
    ".type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    "  .functype wasi_thread_start (i32, i32) -> ()\n"
    "  local.get 1\n"
    "  i32.load 0\n"
    "  global.set __stack_pointer\n"
    "  local.get 1\n"
    "  call run\n"
    "  end_function\n");

__attribute__((used)) void run(struct thread *thread) {
    __wasm_init_tls(thread->tls);
    thread->result = thread->start(thread->arg);
    __atomic_store_n(&thread->is_running, 0, __ATOMIC_SEQ_CST);
    __builtin_wasm_memory_atomic_notify(&thread->is_running, -1);
}

static int pthread_create(pthread_t *id, const void *attributes, void *(*start)(void *), void *arg) {
    struct thread *thread = &threads[started];
    *thread = (struct thread){stacks[started] + STACK, tls[started], start, arg, 0, 1};
    started++;
    *id = thread;
    return spawn(thread) < 0;
}

static int pthread_join(pthread_t thread, void **result) {
    while (__atomic_load_n(&thread->is_running, __ATOMIC_SEQ_CST))
        __builtin_wasm_memory_atomic_wait32(&thread->is_running, 1, -1);
    *result = thread->result;
    return 0;
}

static void pthread_mutex_lock(pthread_mutex_t *mutex) {
    while (__atomic_exchange_n(mutex, 1, __ATOMIC_SEQ_CST))
        __builtin_wasm_memory_atomic_wait32(mutex, 1, -1);
}

static void pthread_mutex_unlock(pthread_mutex_t *mutex) {
    __atomic_store_n(mutex, 0, __ATOMIC_SEQ_CST);
    __builtin_wasm_memory_atomic_notify(mutex, 1);
}

void _start(void) { exit(main()); }
#endif
