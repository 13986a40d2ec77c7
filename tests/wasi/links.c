// Symbolic and hard links.
#include "wasi.h"

static void same_file(fd_t one, fd_t other) {
    __wasi_filestat_t left = of_fd(one), right = of_fd(other);
    SAME(memcmp(&left, &right, sizeof left), 0);
    SAME(left.nlink, 2);
    __wasi_fdstat_t with = state(one), without = state(other);
    SAME(with.fs_flags, without.fs_flags);
    SAME(with.fs_filetype, without.fs_filetype);
    SAME(with.fs_rights_base, without.fs_rights_base);
    SAME(with.fs_rights_inheriting, without.fs_rights_inheriting);
}

static void hard_links_are_the_file(fd_t dir) {
    create(dir, "file");
    rights_t rights = R(FD_READ) | R(FD_FILESTAT_GET);
    OK(open_with(dir, 0, "file", 0, rights, 0));
    fd_t file = last;
    OK(__wasi_path_link(dir, 0, "file", dir, "link"));
    OK(open_with(dir, 0, "link", 0, rights, 0));
    same_file(file, last);
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "link"));
    OK(__wasi_path_create_directory(dir, "inner"));
    fd_t inner = folder_at(dir, "inner");
    OK(__wasi_path_link(dir, 0, "file", inner, "link"));
    OK(open_with(inner, 0, "link", 0, rights, 0));
    same_file(file, last);
    OK(__wasi_fd_close(last));
    OK(__wasi_fd_close(file));
    OK(__wasi_path_unlink_file(inner, "link"));
    OK(__wasi_fd_close(inner));
    OK(__wasi_path_remove_directory(dir, "inner"));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void hard_links_replace_nothing(fd_t dir) {
    create(dir, "file");
    create(dir, "link");
    GIVES(__wasi_path_link(dir, 0, "file", dir, "link"), E(EXIST));
    OK(__wasi_path_unlink_file(dir, "link"));
    GIVES(__wasi_path_link(dir, 0, "file", dir, "file"), E(EXIST));
    OK(__wasi_path_create_directory(dir, "link"));
    GIVES(__wasi_path_link(dir, 0, "file", dir, "link"), E(EXIST));
    OK(__wasi_path_remove_directory(dir, "link"));
    OK(__wasi_path_create_directory(dir, "inner"));
    GIVES(__wasi_path_link(dir, 0, "inner", dir, "link"), E(PERM), E(ACCES));
    OK(__wasi_path_remove_directory(dir, "inner"));
    GIVES(__wasi_path_link(dir, 0, "file", dir, "link/"), E(NOENT));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void hard_links_of_symbolic_links_do_not_follow(fd_t dir) {
    create(dir, "file");
    const char *targets[] = {"target", "symlink"};
    for (int i = 0; i < 2; i++) {
        OK(__wasi_path_symlink(targets[i], dir, "symlink"));
        OK(__wasi_path_link(dir, 0, "symlink", dir, "link"));
        SAME(of_path(dir, 0, "link").filetype, __WASI_FILETYPE_SYMBOLIC_LINK);
        OK(__wasi_path_unlink_file(dir, "symlink"));
        OK(__wasi_path_unlink_file(dir, "link"));
    }
    OK(__wasi_path_symlink("target", dir, "symlink"));
    GIVES(__wasi_path_link(dir, 0, "file", dir, "symlink"), E(EXIST));
    GIVES(__wasi_path_link(dir, FOLLOW, "symlink", dir, "link"), E(INVAL), E(NOENT));
    OK(__wasi_path_unlink_file(dir, "symlink"));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void links_to_nothing_are_not_opened(fd_t dir) {
    OK(__wasi_path_symlink("target", dir, "symlink"));
    GIVES(open_(dir, 0, "symlink", FOLDER), E(NOTDIR), E(LOOP));
    GIVES(open_(dir, 0, "symlink", 0), E(LOOP));
    GIVES(open_(dir, FOLLOW, "symlink", 0), E(NOENT));
    OK(__wasi_path_unlink_file(dir, "symlink"));
    OK(__wasi_path_symlink("symlink", dir, "symlink"));
    GIVES(open_(dir, 0, "symlink", 0), E(LOOP));
    GIVES(open_(dir, FOLLOW, "symlink", 0), E(LOOP));
    OK(__wasi_path_unlink_file(dir, "symlink"));
}

static void links_are_followed_where_it_is_asked_for(fd_t dir) {
    OK(__wasi_path_create_directory(dir, "target"));
    OK(__wasi_path_symlink("target", dir, "symlink"));
    GIVES(open_(dir, 0, "symlink", FOLDER), E(NOTDIR), E(LOOP));
    GIVES(open_(dir, 0, "symlink", 0), E(LOOP), E(ACCES));
    OK(open_(dir, FOLLOW, "symlink", FOLDER));
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "symlink"));
    OK(__wasi_path_remove_directory(dir, "target"));
    create(dir, "target");
    OK(__wasi_path_symlink("target", dir, "symlink"));
    GIVES(open_(dir, 0, "symlink", FOLDER), E(NOTDIR), E(LOOP));
    GIVES(open_(dir, 0, "symlink", 0), E(LOOP));
    GIVES(open_(dir, FOLLOW, "symlink", FOLDER), E(NOTDIR));
    OK(open_(dir, FOLLOW, "symlink", 0));
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "target"));
    OK(__wasi_path_unlink_file(dir, "symlink"));
}

static void links_lead_nowhere_outside(fd_t dir) {
    SAME(__wasi_path_symlink("/", dir, "symlink") != E(SUCCESS), true);
    SAME(__wasi_path_symlink("/etc/passwd", dir, "symlink") != E(SUCCESS), true);
    if (__wasi_path_symlink("../../../../etc/passwd", dir, "symlink") == E(SUCCESS)) {
        GIVES(open_(dir, FOLLOW, "symlink", 0), E(PERM), E(NOTCAPABLE));
        OK(__wasi_path_unlink_file(dir, "symlink"));
    }
}

static void what_a_link_says_is_read(fd_t dir) {
    uint8_t bytes[10] = {0};
    __wasi_size_t used;
    OK(__wasi_path_symlink("target", dir, "symlink"));
    OK(__wasi_path_readlink(dir, "symlink", bytes, sizeof bytes, &used));
    SAME(used, 6);
    SAME(memcmp(bytes, "target\0\0\0", 10), 0);
    memset(bytes, 0, sizeof bytes);
    OK(__wasi_path_readlink(dir, "symlink", bytes, 4, &used));
    SAME(used, 4);
    SAME(memcmp(bytes, "targ\0\0\0\0\0", 10), 0);
    OK(__wasi_path_unlink_file(dir, "symlink"));
}

static void paths_to_be_linked_have_no_slash(fd_t dir) {
    GIVES(__wasi_path_symlink("source", dir, "target/"), E(NOENT));
    OK(__wasi_path_symlink("source", dir, "target"));
    OK(__wasi_path_unlink_file(dir, "target"));
    OK(__wasi_path_create_directory(dir, "target"));
    GIVES(__wasi_path_symlink("source", dir, "target/"), E(EXIST));
    GIVES(__wasi_path_symlink("source", dir, "target"), E(EXIST));
    OK(__wasi_path_remove_directory(dir, "target"));
    create(dir, "target");
    GIVES(__wasi_path_symlink("source", dir, "target/"), E(NOTDIR), E(EXIST));
    GIVES(__wasi_path_symlink("source", dir, "target"), E(EXIST));
    OK(__wasi_path_unlink_file(dir, "target"));
}

static void times_are_of_the_link_or_of_the_file(fd_t dir) {
    create(dir, "file");
    OK(__wasi_path_symlink("file", dir, "symlink"));
    __wasi_filestat_t file = of_path(dir, 0, "file"), link = of_path(dir, 0, "symlink");
    OK(__wasi_path_filestat_set_times(dir, 0, "symlink", 0, link.mtim - 200, __WASI_FSTFLAGS_MTIM));
    SAME(of_path(dir, 0, "symlink").mtim, link.mtim - 200);
    SAME(of_path(dir, 0, "file").mtim, file.mtim);
    SAME(of_path(dir, FOLLOW, "symlink").mtim, file.mtim);
    OK(__wasi_path_filestat_set_times(dir, FOLLOW, "symlink", 0, link.mtim, __WASI_FSTFLAGS_MTIM));
    SAME(of_path(dir, 0, "file").mtim, link.mtim);
    OK(__wasi_path_unlink_file(dir, "symlink"));
    OK(__wasi_path_unlink_file(dir, "file"));
}

int main(void) {
    const struct fact all[] = {
        FACT(hard_links_are_the_file), FACT(hard_links_replace_nothing), FACT(hard_links_of_symbolic_links_do_not_follow),
        FACT(links_to_nothing_are_not_opened), FACT(links_are_followed_where_it_is_asked_for), FACT(links_lead_nowhere_outside),
        FACT(what_a_link_says_is_read), FACT(paths_to_be_linked_have_no_slash), FACT(times_are_of_the_link_or_of_the_file),
    };
    return all_facts(all, COUNT(all));
}
