// A native program in place of one that replays a recording: it counts ticks as compiled guest code does, and tells the server of itself.
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// The number of ticks, and the one to stop at.
static volatile uint64_t ticks[2] = {1ull << 63, UINT64_MAX};
extern char __start_guest[], __stop_guest[];
static uint64_t text[2];
static char memory[1 << 16] __attribute__((aligned(4096)));

struct control {
    uint64_t magic, version, ticks, text, text_count, memory_base, memory_length;
    uint64_t calls, call_name, call_name_length, silent_below, state, exit_code, message, message_length, live;
    uint64_t log_end, diverted, refused, refused_length;
};
static volatile struct control control;

#define GUEST __attribute__((section("guest"), noinline))
#define TICK()                                                                                             \
    asm volatile("movq %0, %%rax\n\taddq $1, %%rax\n\tmovq %%rax, %0\n\tcmpq %1, %%rax\n\tjne 1f\n\tint3\n1:" \
                 : "+m"(ticks[0])                                                                           \
                 : "m"(ticks[1])                                                                            \
                 : "rax", "cc")

static void stop_for_server(uint64_t kind) {
    uint64_t magic = 0x54546e696c617764;
    asm volatile("int3" ::"a"(magic), "D"(kind), "S"(&control) : "memory");
}

static void begin(const char *name) {
    control.call_name = (uint64_t)name;
    control.call_name_length = strlen(name);
}

static void end(void) {
    control.call_name = 0;
    control.calls++;
}

__attribute__((noinline)) static void host_read(char *to) {
    begin("env.read");
    memcpy(to, "from the host", 14);
    end();
}

__attribute__((noinline)) static void host_write(const char *line) {
    begin("env.write");
    if (control.calls >= control.silent_below) {
        write(1, line, strlen(line));
        control.silent_below = control.calls + 1;
    }
    end();
}

static int total;
static char buffer[32];

GUEST static void push(int value) {
    TICK();
    total += value;
}

GUEST static int sum(int count) {
    TICK();
    int before = total;
    for (int i = 1; i <= count; i++) {
        TICK();
        push(i);
    }
    return total - before;
}

GUEST static long spin(long rounds) {
    TICK();
    long mixed = 1;
    for (long i = 0; i < rounds; i++) {
        TICK();
        mixed = mixed * 31 + i;
    }
    return mixed;
}

GUEST static void trap(void) {
    TICK();
    asm volatile("ud2");
}

GUEST static int work(int argc) {
    TICK();
    host_write("first\n");
    int small = sum(3);
    host_read(buffer);
    int large = sum(10);
    host_write("second\n");
    long mixed = spin(argc > 2 ? 1000000000 : 1000);
    if (argc > 1) {
        trap();
    }
    return small + large + (mixed == 0);
}

static void *compile(void *of) {
    return of;
}

int main(int argc, char **argv) {
    // As compilation has threads, which end before the process is ready.
    pthread_t thread;
    pthread_create(&thread, NULL, compile, NULL);
    pthread_join(thread, NULL);
    text[0] = (uint64_t)__start_guest;
    text[1] = (uint64_t)__stop_guest;
    control = (struct control){0x54546e696c617764, 2, (uint64_t)ticks, (uint64_t)text, 1, (uint64_t)memory, sizeof memory};
    stop_for_server(0);
    int result = work(argc);
    control.state = 1;
    stop_for_server(1);
    return result;
}
