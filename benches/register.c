// Registers a file with the debugger through the GDB JIT interface, as gdb's manual states it ("JIT Compilation Interface"), and ends.
//
//     cc -O1 -o register benches/register.c && gdb -ex "break FUNCTION" -ex run --args ./register IMAGE

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct jit_code_entry {
    struct jit_code_entry *next, *prev;
    const char *symfile_addr;
    uint64_t symfile_size;
};

enum { JIT_NOACTION, JIT_REGISTER_FN };

struct {
    uint32_t version, action;
    struct jit_code_entry *relevant_entry, *first_entry;
} __jit_debug_descriptor = {1, JIT_NOACTION, 0, 0};

__attribute__((noinline)) void __jit_debug_register_code(void) { __asm__ volatile("" ::: "memory"); }

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END)) {
        fprintf(stderr, "usage: register IMAGE\n");
        return 2;
    }
    long size = ftell(file);
    char *image = size > 0 ? malloc(size) : NULL;
    rewind(file);
    if (!image || fread(image, 1, size, file) != (size_t)size) {
        fprintf(stderr, "%s cannot be read\n", argv[1]);
        return 2;
    }
    static struct jit_code_entry entry;
    entry.symfile_addr = image;
    entry.symfile_size = size;
    __jit_debug_descriptor.first_entry = __jit_debug_descriptor.relevant_entry = &entry;
    __jit_debug_descriptor.action = JIT_REGISTER_FN;
    __jit_debug_register_code();
    puts("registered");
    return 0;
}
