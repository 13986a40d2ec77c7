// Folders and descriptors, clocks, and what a program is given.
#include "wasi.h"

static void folders_are_not_read_as_files(fd_t dir) {
    uint8_t bytes[128] = {0};
    __wasi_iovec_t in = {bytes, sizeof bytes};
    __wasi_ciovec_t out = {bytes, sizeof bytes};
    SAME(of_fd(dir).filetype, __WASI_FILETYPE_DIRECTORY);
#define REFUSED E(ISDIR), E(BADF), E(NOTCAPABLE)
    GIVES(__wasi_fd_read(dir, &in, 1, &moved), REFUSED);
    GIVES(__wasi_fd_pread(dir, &in, 1, 0, &moved), REFUSED);
    GIVES(__wasi_fd_write(dir, &out, 1, &moved), REFUSED);
    GIVES(__wasi_fd_pwrite(dir, &out, 1, 0, &moved), REFUSED);
    for (int whence = 0; whence < 3; whence++) GIVES(seek(dir, 0, whence), REFUSED);
    GIVES(__wasi_fd_tell(dir, &position), REFUSED);
    GIVES(__wasi_fd_allocate(dir, 0, 1), REFUSED);
    GIVES(__wasi_fd_filestat_set_size(dir, 0), REFUSED, E(INVAL));
    OK(open_with(dir, 0, ".", FOLDER, R(FD_SEEK), 0));
    GIVES(seek(last, 0, __WASI_WHENCE_CUR), REFUSED);
    SAME(state(last).fs_rights_base & R(FD_SEEK), 0);
    OK(__wasi_fd_close(last));
}

static void folders_are_opened_to_be_read(fd_t dir) {
    OK(open_with(dir, 0, ".", 0, 0, __WASI_FDFLAGS_NONBLOCK));
    OK(__wasi_fd_close(last));
    __wasi_fdstat_t stat = state(root);
    OK(__wasi_path_open(root, 0, ".", 0, stat.fs_rights_base, stat.fs_rights_inheriting, 0, &last));
    OK(__wasi_fd_close(last));
    int oflags[] = {0, FOLDER, FOLDER};
    rights_t rights[] = {0, 0, R(FD_READ)};
    for (size_t i = 0; i < COUNT(oflags); i++) {
        OK(open_with(root, 0, ".", oflags[i], rights[i], 0));
        OK(__wasi_fd_close(last));
    }
    GIVES(open_with(root, 0, ".", FOLDER, R(FD_READ) | R(FD_WRITE), 0), E(ISDIR));
    rights_t base = R(PATH_CREATE_DIRECTORY) | R(PATH_CREATE_FILE) | R(PATH_LINK_SOURCE) | R(PATH_LINK_TARGET) | R(PATH_OPEN) |
        R(FD_READDIR) | R(PATH_READLINK) | R(PATH_RENAME_SOURCE) | R(PATH_RENAME_TARGET) | R(PATH_SYMLINK) |
        R(PATH_REMOVE_DIRECTORY) | R(PATH_UNLINK_FILE) | R(PATH_FILESTAT_GET) | R(PATH_FILESTAT_SET_TIMES) |
        R(FD_FILESTAT_GET) | R(FD_FILESTAT_SET_TIMES);
    rights_t files = R(FD_DATASYNC) | R(FD_READ) | R(FD_SEEK) | R(FD_FDSTAT_SET_FLAGS) | R(FD_SYNC) | R(FD_TELL) |
        R(FD_WRITE) | R(FD_ADVISE) | R(FD_ALLOCATE) | R(FD_FILESTAT_SET_SIZE) | R(POLL_FD_READWRITE);
    SAME(stat.fs_rights_base & base, base);
    SAME(stat.fs_rights_inheriting & (base | files), base | files);
}

static void the_given_folder_has_a_name(fd_t dir) {
    __wasi_prestat_t given;
    OK(__wasi_fd_prestat_get(root, &given));
    SAME(given.tag, __WASI_PREOPENTYPE_DIR);
    uint8_t name[64];
    GIVES(__wasi_fd_prestat_dir_name(root, name, 0), E(INVAL), E(NAMETOOLONG));
    OK(__wasi_fd_prestat_dir_name(root, name, given.u.dir.pr_name_len + 1));
    GIVES(__wasi_fd_prestat_get(dir, &given), E(BADF), E(NOTSUP));
    GIVES(__wasi_fd_prestat_get(999, &given), E(BADF));
}

static int listed(fd_t dir, __wasi_dircookie_t *cookie, size_t size, char *names) {
    uint8_t bytes[256];
    __wasi_size_t used;
    OK(__wasi_fd_readdir(dir, bytes, size, *cookie, &used));
    int count = 0;
    __wasi_dirent_t entry;
    for (size_t at = 0; at + sizeof entry <= used; at += sizeof entry + entry.d_namlen) {
        memcpy(&entry, bytes + at, sizeof entry);
        if (at + sizeof entry + entry.d_namlen > used) break;
        char name[64] = {0};
        memcpy(name, bytes + at + sizeof entry, entry.d_namlen);
        if (names) strcat(strcat(names, name), " ");
        if (strcmp(name, "..") != 0) SAME(entry.d_ino == of_path(dir, 0, name).ino, true);
        SAME(entry.d_type, strcmp(name, "file") ? of_path(dir, 0, ".").filetype : __WASI_FILETYPE_REGULAR_FILE);
        *cookie = entry.d_next;
        count++;
    }
    return used < size ? -count : count;
}

static void folders_are_listed(fd_t dir) {
    __wasi_dircookie_t cookie = 0;
    char names[256] = "";
    SAME(listed(dir, &cookie, 256, names), -2);
    SAME(strstr(names, ". ") && strstr(names, ".. "), true);
    create(dir, "file");
    cookie = 0;
    names[0] = 0;
    SAME(listed(dir, &cookie, 256, names), -3);
    SAME(strstr(names, "file ") != NULL, true);
    // Again from the middle, by what the entry before says.
    uint8_t first[24];
    __wasi_size_t used;
    OK(__wasi_fd_readdir(dir, first, sizeof first, 0, &used));
    SAME(used, sizeof first);
    memcpy(&cookie, first, sizeof cookie);
    SAME(listed(dir, &cookie, 256, NULL), -2);
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void large_folders_are_listed(fd_t dir) {
    char name[16];
    for (int i = 0; i < 1000; i++) {
        sprintf(name, "d%d", i);
        OK(__wasi_path_create_directory(dir, name));
    }
    __wasi_dircookie_t cookie = 0;
    int total = 0, found;
    do {
        found = listed(dir, &cookie, 256, NULL);
        total += abs(found);
    } while (found > 0);
    SAME(total, 1002);
    for (int i = 0; i < 1000; i++) {
        sprintf(name, "d%d", i);
        OK(__wasi_path_remove_directory(dir, name));
    }
}

static void numbers_are_given_anew(fd_t dir) {
    fd_t from = file_at(dir, "file1", 0), to = file_at(dir, "file2", 0);
    __wasi_fdstat_t before = state(from);
    OK(__wasi_fd_renumber(from, to));
    GIVES(__wasi_fd_close(from), E(BADF));
    __wasi_fdstat_t after = state(to);
    SAME(before.fs_filetype, after.fs_filetype);
    SAME(before.fs_flags, after.fs_flags);
    SAME(before.fs_rights_base, after.fs_rights_base);
    SAME(before.fs_rights_inheriting, after.fs_rights_inheriting);
    GIVES(__wasi_fd_renumber(to, from), E(BADF));
    OK(__wasi_fd_renumber(to, to));
    OK(__wasi_fd_close(to));
    OK(__wasi_path_unlink_file(dir, "file1"));
    OK(__wasi_path_unlink_file(dir, "file2"));
}

static void the_given_folder_may_be_replaced_and_closed(fd_t dir) {
    fd_t kept = folder_at(root, "."), other = folder_at(dir, ".");
    fd_t first = root;
    OK(__wasi_fd_renumber(other, first));
    SAME(of_fd(first).ino == of_fd(dir).ino, true);
    GIVES(__wasi_fd_close(other), E(BADF));
    OK(__wasi_fd_close(first));
    __wasi_fdstat_t stat;
    GIVES(__wasi_fd_fdstat_get(first, &stat), E(BADF));
    SAME(state(kept).fs_filetype, __WASI_FILETYPE_DIRECTORY);
    // What follows uses it.
    root = kept;
}

static void streams_have_numbers_too(fd_t dir) {
    // Not those that this program prints to.
    OK(open_(dir, 0, "file", CREAT));
    OK(__wasi_fd_renumber(0, last));
    __wasi_fdstat_t stat;
    OK(__wasi_fd_fdstat_get(last, &stat));
    GIVES(__wasi_fd_fdstat_get(0, &stat), E(BADF));
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void sockets_are_told_from_files(fd_t dir) {
    GIVES(__wasi_sock_shutdown(1, __WASI_SDFLAGS_RD), E(NOTSOCK));
    GIVES(__wasi_sock_shutdown(999, __WASI_SDFLAGS_RD), E(BADF));
    GIVES(__wasi_fd_write(-31337, NULL, 0, &moved), E(BADF));
}

static void clocks_go_on(fd_t dir) {
    __wasi_timestamp_t first, then, resolution;
    for (int clock = 0; clock < 2; clock++) {
        OK(__wasi_clock_res_get(clock, &resolution));
        SAME(resolution > 0 && resolution < 1000000000, true);
        OK(__wasi_clock_time_get(clock, 1, &first));
        OK(__wasi_clock_time_get(clock, 0, &then));
        SAME(first <= then, true);
    }
    GIVES(__wasi_clock_time_get(77, 0, &then), E(INVAL), E(BADF));
    OK(__wasi_sched_yield());
}

static void random_bytes_are_not_all_zero(fd_t dir) {
    uint8_t bytes[1024] = {0}, any = 0;
    OK(__wasi_random_get(bytes, 0));
    OK(__wasi_random_get(bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++) any |= bytes[i];
    SAME(any != 0, true);
}

static __wasi_subscription_t timer(uint64_t data) {
    __wasi_subscription_t it = {.userdata = data, .u.tag = __WASI_EVENTTYPE_CLOCK};
    it.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    it.u.u.clock.timeout = 200000000;
    return it;
}

static void streams_are_waited_for(fd_t dir) {
    __wasi_subscription_t all[3] = {timer(7)};
    __wasi_event_t events[3];
    __wasi_size_t count;
    for (int fd = 1; fd < 3; fd++) {
        all[fd] = (__wasi_subscription_t){.userdata = fd, .u.tag = __WASI_EVENTTYPE_FD_WRITE};
        all[fd].u.u.fd_write.file_descriptor = fd;
    }
    OK(__wasi_poll_oneoff(all, events, 3, &count));
    SAME(count >= 1, true);
    for (__wasi_size_t i = 0; i < count; i++) {
        SAME(events[i].type, __WASI_EVENTTYPE_FD_WRITE);
        SAME(events[i].error, E(SUCCESS));
        SAME(events[i].userdata == 1 || events[i].userdata == 2, true);
    }
    OK(__wasi_poll_oneoff(all, events, 1, &count));
    SAME(count, 1);
    SAME(events[0].userdata, 7);
    SAME(events[0].type, __WASI_EVENTTYPE_CLOCK);
    GIVES(__wasi_poll_oneoff(all, events, 0, &count), E(INVAL));
}

// What the test gives: arguments, and variables with any characters.
static void arguments_and_variables_are_as_given(fd_t dir) {
    __wasi_size_t count, size;
    uint8_t *list[8], bytes[256];
    const char *arguments[] = {NULL, "first", "the \"second\" arg", "3", ""};
    OK(__wasi_args_sizes_get(&count, &size));
    SAME(count, COUNT(arguments));
    OK(__wasi_args_get(list, bytes));
    for (size_t i = 1; i < COUNT(arguments); i++) SAME(strcmp((char *)list[i], arguments[i]), 0);
    SAME((uint8_t *)strchr((char *)list[count - 1], 0) + 1 - bytes, size);
    const char *variables[] = {"a=text", "b=escap \" ing", "c=new\nline"};
    OK(__wasi_environ_sizes_get(&count, &size));
    SAME(count, COUNT(variables));
    OK(__wasi_environ_get(list, bytes));
    for (size_t i = 0; i < COUNT(variables); i++) SAME(strcmp((char *)list[i], variables[i]), 0);
    SAME(size, 32);
}

int main(void) {
    const struct fact all[] = {
        FACT(folders_are_not_read_as_files), FACT(folders_are_opened_to_be_read), FACT(the_given_folder_has_a_name),
        FACT(folders_are_listed), FACT(large_folders_are_listed), FACT(numbers_are_given_anew), FACT(streams_have_numbers_too),
        FACT(sockets_are_told_from_files), FACT(clocks_go_on), FACT(random_bytes_are_not_all_zero),
        FACT(streams_are_waited_for), FACT(arguments_and_variables_are_as_given),
        FACT(the_given_folder_may_be_replaced_and_closed),
    };
    return all_facts(all, COUNT(all));
}
