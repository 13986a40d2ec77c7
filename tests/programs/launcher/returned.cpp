// Functions that return pointers, and pointers to what pointers to arrays and functions are of.
#include <cstdio>

struct Holder {
    int (*once)[3];
    int (**twice)[3];
    Holder *(*nodes)[2];
    int (*call)(int, char *);
    int (**calls)(int, char *);
    Holder **next;
};

static int global = 42;
static int three[3] = {7, 8, 9};

static const char *text() { return "returned"; }
static int *pointer() { return &global; }
static int &reference() { return global; }
static int *nothing() { return nullptr; }
static int (&array())[3] { return three; }
static int add(int n, char *p) { return n + *p; }

static void stop_here() { global++; }

int main() {
    puts(text());
    *pointer() += 0;
    reference() += 0;
    if (nothing())
        return 1;
    array()[0] = 1;
    Holder holder = {}, *both[2] = {&holder, nullptr};
    holder.once = &three;
    holder.twice = &holder.once;
    holder.nodes = &both;
    holder.call = add;
    holder.calls = &holder.call;
    holder.next = both;
    stop_here();
    return global - 43;
}
