// A program that asserts what WASI says of a family of functions, with the errors that POSIX and the official tests name.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

typedef __wasi_fd_t fd_t;
typedef __wasi_rights_t rights_t;

#define E(name) __WASI_ERRNO_##name
#define R(name) __WASI_RIGHTS_##name
#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW
#define CREAT __WASI_OFLAGS_CREAT
#define EXCL __WASI_OFLAGS_EXCL
#define TRUNC __WASI_OFLAGS_TRUNC
#define FOLDER __WASI_OFLAGS_DIRECTORY
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *asked = "";
static int failures;

// Of what a call gives one is right.
static void one_of(int line, const char *call, int got, const int *right, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (got == right[i]) return;
    printf("%s, line %d: %s gives %d\n", asked, line, call, got);
    failures++;
}
#define GIVES(call, ...) \
    do { const int right[] = {__VA_ARGS__}; one_of(__LINE__, #call, (call), right, COUNT(right)); } while (0)
#define OK(call) GIVES(call, E(SUCCESS))
#define SAME(left, right) \
    do { if ((left) != (right)) { printf("%s, line %d: %s is %lld\n", asked, __LINE__, #left, (long long)(left)); failures++; } } while (0)

// The folder that the program is given.
static fd_t root = 3;

static fd_t last;
static int open_with(fd_t dir, int flags, const char *path, int oflags, rights_t rights, int fdflags) {
    return __wasi_path_open(dir, flags, path, oflags, rights, rights, fdflags, &last);
}
static int open_(fd_t dir, int flags, const char *path, int oflags) { return open_with(dir, flags, path, oflags, 0, 0); }

// A file that may be read and written.
static fd_t file_at(fd_t dir, const char *path, int fdflags) {
    rights_t all = R(FD_READ) | R(FD_WRITE) | R(FD_SEEK) | R(FD_TELL) | R(FD_ADVISE) | R(FD_ALLOCATE) | R(FD_FILESTAT_GET) |
        R(FD_FILESTAT_SET_SIZE) | R(FD_FILESTAT_SET_TIMES) | R(FD_FDSTAT_SET_FLAGS);
    OK(open_with(dir, 0, path, CREAT, all, fdflags));
    SAME(last > 2, true);
    return last;
}
static void create(fd_t dir, const char *path) {
    OK(open_(dir, 0, path, CREAT));
    OK(__wasi_fd_close(last));
}
static fd_t folder_at(fd_t dir, const char *path) {
    __wasi_fdstat_t stat;
    OK(__wasi_fd_fdstat_get(root, &stat));
    OK(__wasi_path_open(dir, 0, path, FOLDER, stat.fs_rights_base, stat.fs_rights_inheriting, 0, &last));
    return last;
}

static __wasi_size_t moved;
static int write_(fd_t fd, const void *bytes, size_t size) {
    __wasi_ciovec_t one = {bytes, size};
    return __wasi_fd_write(fd, &one, 1, &moved);
}
static int read_(fd_t fd, void *bytes, size_t size) {
    __wasi_iovec_t one = {bytes, size};
    return __wasi_fd_read(fd, &one, 1, &moved);
}
static uint64_t position;
static int seek(fd_t fd, int64_t by, int whence) { return __wasi_fd_seek(fd, by, whence, &position); }
static __wasi_filestat_t of_fd(fd_t fd) {
    __wasi_filestat_t stat;
    memset(&stat, 0xaa, sizeof stat);
    OK(__wasi_fd_filestat_get(fd, &stat));
    return stat;
}
static __wasi_filestat_t of_path(fd_t dir, int flags, const char *path) {
    __wasi_filestat_t stat;
    memset(&stat, 0xaa, sizeof stat);
    OK(__wasi_path_filestat_get(dir, flags, path, &stat));
    return stat;
}
static __wasi_fdstat_t state(fd_t fd) {
    __wasi_fdstat_t stat;
    memset(&stat, 0xaa, sizeof stat);
    OK(__wasi_fd_fdstat_get(fd, &stat));
    return stat;
}

// A fact is named on standard output when it holds.
#define FACT(name) {#name, name}
struct fact { const char *name; void (*check)(fd_t); };
static int all_facts(const struct fact *all, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int before = failures;
        asked = all[i].name;
        // Each has a folder, which has to be empty in the end.
        OK(__wasi_path_create_directory(root, asked));
        fd_t dir = folder_at(root, asked);
        all[i].check(dir);
        OK(__wasi_fd_close(dir));
        asked = all[i].name;
        OK(__wasi_path_remove_directory(root, asked));
        if (failures == before) puts(asked);
    }
    return failures != 0;
}
