// Open files: their contents, sizes, times, rights and flags.
#include "wasi.h"

static void written_bytes_are_read(fd_t dir) {
    OK(open_with(dir, 0, "file", CREAT, R(FD_READ), 0));
    fd_t reads = last;
    OK(open_with(dir, 0, "file", 0, R(FD_WRITE), 0));
    uint8_t byte = 1, got = 0;
    OK(write_(last, &byte, 1));
    SAME(moved, 1);
    OK(read_(reads, &got, 1));
    SAME(moved, 1);
    SAME(got, 1);
    OK(__wasi_fd_close(reads));
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void positions_are_of_the_call(fd_t dir) {
    fd_t file = file_at(dir, "file", 0);
    uint8_t bytes[4] = {0, 1, 2, 3}, got[4] = {9, 9, 9, 9};
    __wasi_ciovec_t out[] = {{bytes, 2}, {bytes + 2, 2}};
    __wasi_iovec_t in[] = {{got, 2}, {got + 2, 2}};
    OK(__wasi_fd_pwrite(file, out, 2, 0, &moved));
    SAME(moved > 0, true);
    OK(__wasi_fd_pwrite(file, out + 1, 1, 2, &moved));
    SAME(moved, 2);
    OK(__wasi_fd_pread(file, in, 2, 0, &moved));
    SAME(moved, 4);
    SAME(memcmp(got, bytes, 4), 0);
    memset(got, 0, 4);
    __wasi_iovec_t all = {got, 4};
    OK(__wasi_fd_pread(file, &all, 1, 2, &moved));
    SAME(moved, 2);
    SAME(memcmp(got, "\2\3\0\0", 4), 0);
    OK(__wasi_fd_pread(file, &all, 1, 4, &moved));
    SAME(moved, 0);
    OK(__wasi_fd_tell(file, &position));
    SAME(position, 0);
    OK(__wasi_fd_close(file));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void positions_are_sought_and_told(fd_t dir) {
    fd_t file = file_at(dir, "file", 0);
    uint8_t bytes[100] = {0};
    OK(__wasi_fd_tell(file, &position));
    SAME(position, 0);
    OK(write_(file, bytes, 100));
    OK(__wasi_fd_tell(file, &position));
    SAME(position, 100);
    OK(seek(file, -50, __WASI_WHENCE_CUR));
    SAME(position, 50);
    OK(seek(file, 0, __WASI_WHENCE_SET));
    SAME(position, 0);
    OK(seek(file, 1000, __WASI_WHENCE_CUR));
    GIVES(seek(file, -2000, __WASI_WHENCE_CUR), E(INVAL));
    GIVES(seek(file, 0, 7), E(INVAL));
    OK(seek(file, 0, __WASI_WHENCE_SET));
    OK(read_(file, bytes, 100));
    SAME(moved, 100);
    OK(__wasi_fd_tell(file, &position));
    SAME(position, 100);
    OK(__wasi_fd_close(file));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void appended_bytes_are_at_the_end(fd_t dir) {
    fd_t file = file_at(dir, "file", __WASI_FDFLAGS_APPEND);
    SAME(state(file).fs_flags, __WASI_FDFLAGS_APPEND);
    uint8_t zeros[100] = {0}, ones[100], twos[100], got[100];
    memset(ones, 1, 100);
    memset(twos, 2, 100);
    OK(write_(file, zeros, 100));
    OK(seek(file, 0, __WASI_WHENCE_SET));
    OK(write_(file, ones, 100));
    OK(__wasi_fd_tell(file, &position));
    SAME(position, 200);
    OK(seek(file, 100, __WASI_WHENCE_SET));
    OK(read_(file, got, 100));
    SAME(memcmp(got, ones, 100), 0);
    __wasi_ciovec_t three = {ones, 3};
    OK(__wasi_fd_fdstat_set_flags(file, 0));
    SAME(state(file).fs_flags, 0);
    OK(seek(file, 0, __WASI_WHENCE_SET));
    OK(write_(file, twos, 100));
    OK(seek(file, 0, __WASI_WHENCE_SET));
    OK(read_(file, got, 100));
    SAME(memcmp(got, twos, 100), 0);
    OK(__wasi_fd_pwrite(file, &three, 1, 0, &moved));
    OK(__wasi_fd_tell(file, &position));
    SAME(position, 100);
    SAME(of_path(dir, 0, "file").size, 200);
    OK(__wasi_fd_close(file));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void sizes_are_set(fd_t dir) {
    fd_t file = file_at(dir, "file", 0);
    SAME(of_fd(file).size, 0);
    OK(__wasi_fd_filestat_set_size(file, 100));
    SAME(of_fd(file).size, 100);
    OK(__wasi_fd_advise(file, 10, 50, __WASI_ADVICE_NORMAL));
    GIVES(__wasi_fd_advise(file, 10, 50, 99), E(INVAL));
    SAME(of_fd(file).size, 100);
    // Refused as a whole, or with all of its effects.
    if (__wasi_fd_allocate(file, 90, 20) == E(SUCCESS)) {
        SAME(of_fd(file).size, 110);
        OK(__wasi_fd_allocate(file, 10, 10));
        SAME(of_fd(file).size, 110);
    } else
        GIVES(__wasi_fd_allocate(file, 90, 20), E(NOTSUP));
    OK(__wasi_fd_close(file));
    OK(open_with(dir, 0, "file", CREAT | TRUNC, R(FD_READ) | R(FD_WRITE) | R(FD_FILESTAT_GET), 0));
    SAME(of_fd(last).size, 0);
    uint8_t byte;
    OK(read_(last, &byte, 1));
    SAME(moved, 0);
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void times_are_set(fd_t dir) {
    fd_t file = file_at(dir, "file", 0);
    __wasi_filestat_t stat = of_fd(file);
    __wasi_timestamp_t earlier = stat.mtim - 100;
    OK(__wasi_fd_filestat_set_times(file, earlier, earlier, __WASI_FSTFLAGS_MTIM));
    SAME(of_fd(file).mtim, earlier);
    SAME(of_fd(file).atim, stat.atim);
    OK(__wasi_path_filestat_set_times(dir, 0, "file", 0, earlier - 100, __WASI_FSTFLAGS_MTIM));
    SAME(of_path(dir, 0, "file").mtim, earlier - 100);
    int both[] = {__WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW};
    for (size_t i = 0; i < COUNT(both); i++) {
        GIVES(__wasi_fd_filestat_set_times(file, 100, 200, both[i]), E(INVAL));
        GIVES(__wasi_path_filestat_set_times(dir, 0, "file", 100, 200, both[i]), E(INVAL));
    }
    SAME(of_path(dir, 0, "file").mtim, earlier - 100);
    OK(__wasi_fd_close(file));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void flags_are_those_of_the_opening(fd_t dir) {
    int flags = __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_SYNC;
    if (open_with(dir, 0, "file", CREAT, R(FD_READ) | R(FD_WRITE), flags) == E(NOTSUP)) {
        flags = __WASI_FDFLAGS_APPEND;
        OK(open_with(dir, 0, "file", CREAT, R(FD_READ) | R(FD_WRITE), flags));
    }
    SAME(state(last).fs_flags & flags, flags);
    SAME(state(last).fs_filetype, __WASI_FILETYPE_REGULAR_FILE);
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void rights_are_those_of_the_opening(fd_t dir) {
    create(dir, "file");
    uint8_t bytes[100] = {0};
    OK(open_with(dir, 0, "file", 0, R(FD_READ), 0));
    SAME(state(last).fs_rights_base & (R(FD_READ) | R(FD_WRITE)), R(FD_READ));
    OK(read_(last, bytes, 100));
    SAME(moved, 0);
    GIVES(write_(last, bytes, 50), E(BADF), E(NOTCAPABLE), E(ACCES));
    OK(__wasi_fd_close(last));
    OK(open_with(dir, 0, "file", 0, R(FD_WRITE), 0));
    SAME(state(last).fs_rights_base & (R(FD_READ) | R(FD_WRITE)), R(FD_WRITE));
    GIVES(read_(last, bytes, 100), E(BADF), E(NOTCAPABLE), E(ACCES));
    OK(write_(last, bytes, 50));
    SAME(moved, 50);
    OK(__wasi_fd_close(last));
    rights_t both = R(FD_READ) | R(FD_WRITE);
    OK(open_with(dir, 0, "file", 0, both | R(FD_FILESTAT_GET), 0));
    SAME(state(last).fs_rights_base & both, both);
    OK(read_(last, bytes, 100));
    SAME(moved, 50);
    OK(write_(last, bytes, 25));
    SAME(of_fd(last).size, 75);
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void rights_are_only_dropped(fd_t dir) {
    fd_t file = file_at(dir, "file", 0);
    __wasi_fdstat_t stat = state(file);
    // Where an engine has no rights it says so, of the same rights too.
    if (__wasi_fd_fdstat_set_rights(file, stat.fs_rights_base, stat.fs_rights_inheriting) != E(NOTSUP)) {
        uint8_t byte = 1;
        rights_t both = R(FD_READ) | R(FD_WRITE);
        OK(__wasi_fd_fdstat_set_rights(file, stat.fs_rights_base & ~both, stat.fs_rights_inheriting));
        SAME(state(file).fs_rights_base & (both | R(FD_SEEK)), R(FD_SEEK));
        GIVES(read_(file, &byte, 1), E(BADF), E(NOTCAPABLE));
        GIVES(write_(file, &byte, 1), E(BADF), E(NOTCAPABLE));
        GIVES(__wasi_fd_fdstat_set_rights(file, stat.fs_rights_base | both, stat.fs_rights_inheriting | both), E(NOTCAPABLE));
    }
    OK(__wasi_fd_close(file));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void files_are_cut_by_those_who_may(fd_t dir) {
    create(dir, "file");
    __wasi_fdstat_t stat = state(dir);
    SAME(stat.fs_filetype, __WASI_FILETYPE_DIRECTORY);
    SAME(stat.fs_flags, 0);
    SAME(stat.fs_rights_base & R(FD_FILESTAT_SET_SIZE), 0);
    if (stat.fs_rights_base & R(PATH_FILESTAT_SET_SIZE)) {
        OK(open_(dir, 0, "file", TRUNC));
        OK(__wasi_fd_close(last));
        fd_t inner = folder_at(dir, ".");
        rights_t inherited = stat.fs_rights_inheriting & ~R(FD_FILESTAT_SET_SIZE);
        OK(__wasi_fd_fdstat_set_rights(inner, stat.fs_rights_base, inherited));
        OK(open_(inner, 0, "file", TRUNC));
        OK(__wasi_fd_close(last));
        rights_t base = stat.fs_rights_base & ~R(PATH_FILESTAT_SET_SIZE);
        OK(__wasi_fd_fdstat_set_rights(inner, base, inherited));
        SAME(state(inner).fs_rights_base & R(PATH_FILESTAT_SET_SIZE), 0);
        GIVES(open_(inner, 0, "file", TRUNC), E(PERM), E(NOTCAPABLE));
        OK(__wasi_fd_close(inner));
    }
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void files_are_told_apart(fd_t dir) {
    fd_t one = file_at(dir, "one", 0), other = file_at(dir, "other", 0);
    SAME(of_fd(one).dev == of_fd(other).dev, true);
    SAME(of_fd(one).ino != of_fd(other).ino, true);
    OK(__wasi_fd_close(one));
    OK(__wasi_fd_close(other));
    OK(__wasi_path_unlink_file(dir, "one"));
    OK(__wasi_path_unlink_file(dir, "other"));
}

int main(void) {
    const struct fact all[] = {
        FACT(written_bytes_are_read), FACT(positions_are_of_the_call), FACT(positions_are_sought_and_told),
        FACT(appended_bytes_are_at_the_end), FACT(sizes_are_set), FACT(times_are_set), FACT(flags_are_those_of_the_opening),
        FACT(rights_are_those_of_the_opening), FACT(rights_are_only_dropped), FACT(files_are_cut_by_those_who_may),
        FACT(files_are_told_apart),
    };
    return all_facts(all, COUNT(all));
}
