// Registers a file with the debugger through the GDB JIT interface, as gdb's manual states it ("JIT Compilation Interface"), and ends.
//
//     cc -O1 -o register benches/register.c && gdb -ex "break FUNCTION" -ex run --args ./register IMAGE

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

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
    int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    struct stat stat;
    if (file < 0 || fstat(file, &stat)) {
        fprintf(stderr, "usage: register IMAGE\n");
        return 2;
    }
    // Not read by this process, whose time would count as the debugger's.
    char *image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (image == MAP_FAILED) {
        perror(argv[1]);
        return 2;
    }
    static struct jit_code_entry entry;
    entry.symfile_addr = image;
    entry.symfile_size = stat.st_size;
    __jit_debug_descriptor.first_entry = __jit_debug_descriptor.relevant_entry = &entry;
    __jit_debug_descriptor.action = JIT_REGISTER_FN;
    __jit_debug_register_code();
    puts("registered");
    return 0;
}
