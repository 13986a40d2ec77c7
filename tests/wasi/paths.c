// Paths: how they are resolved, renamed and removed.
#include "wasi.h"

// With a length, for a path that has a NUL.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open"))) int path_open(
    fd_t, int, const char *, size_t, int, rights_t, rights_t, int, fd_t *);

static void paths_are_resolved_below_the_folder(fd_t dir) {
    OK(__wasi_path_create_directory(dir, "dir"));
    OK(__wasi_path_create_directory(dir, "dir/nested"));
    create(dir, "dir/nested/file");
    GIVES(open_(dir, 0, "/dir/nested/file", 0), E(PERM), E(NOTCAPABLE));
    const char *found[] = {"dir/.//nested/../../dir/nested/../nested///./file", "dir/nested/", "dir/nested///", "dir/nested/."};
    for (size_t i = 0; i < COUNT(found); i++) {
        OK(open_(dir, 0, found[i], 0));
        OK(__wasi_fd_close(last));
    }
    GIVES(path_open(dir, 0, "dir/nested/file\0", 16, 0, 0, 0, 0, &last), E(INVAL), E(ILSEQ), E(NOENT));
    GIVES(open_(dir, 0, "dir/nested/file/", 0), E(NOTDIR), E(NOENT));
    GIVES(open_(dir, 0, "dir/nested/file///", 0), E(NOTDIR), E(NOENT));
    GIVES(open_(dir, 0, "dir/nested/../../../x/dir/nested/file", 0), E(PERM), E(NOTCAPABLE));
    GIVES(open_(dir, 0, "..", 0), E(PERM), E(NOTCAPABLE));
    OK(__wasi_path_unlink_file(dir, "dir/nested/file"));
    OK(__wasi_path_remove_directory(dir, "dir/nested"));
    OK(__wasi_path_remove_directory(dir, "dir"));
}

static void gone(fd_t dir, const char *path) { GIVES(open_(dir, 0, path, 0), E(NOENT)); }

static void folders_are_renamed(fd_t dir) {
    for (int over = 0; over < 2; over++) {
        OK(__wasi_path_create_directory(dir, "source"));
        if (over) OK(__wasi_path_create_directory(dir, "target"));
        OK(__wasi_path_rename(dir, "source", dir, "target"));
        GIVES(open_(dir, 0, "source", FOLDER), E(NOENT));
        OK(open_(dir, 0, "target", FOLDER));
        OK(__wasi_fd_close(last));
        OK(__wasi_path_remove_directory(dir, "target"));
    }
    OK(__wasi_path_create_directory(dir, "source"));
    OK(__wasi_path_create_directory(dir, "target"));
    create(dir, "target/file");
    GIVES(__wasi_path_rename(dir, "source", dir, "target"), E(NOTEMPTY));
    GIVES(__wasi_path_rename(dir, "source", dir, "target/file"), E(NOTDIR));
    OK(__wasi_path_unlink_file(dir, "target/file"));
    OK(__wasi_path_remove_directory(dir, "source"));
    OK(__wasi_path_remove_directory(dir, "target"));
}

static void files_are_renamed(fd_t dir) {
    for (int over = 0; over < 2; over++) {
        create(dir, "source");
        if (over) create(dir, "target");
        OK(__wasi_path_rename(dir, "source", dir, "target"));
        gone(dir, "source");
        OK(open_(dir, 0, "target", 0));
        OK(__wasi_fd_close(last));
        OK(__wasi_path_unlink_file(dir, "target"));
    }
    create(dir, "source");
    OK(__wasi_path_create_directory(dir, "target"));
    GIVES(__wasi_path_rename(dir, "source", dir, "target"), E(ISDIR));
    GIVES(__wasi_path_rename(dir, "source/", dir, "other"), E(NOTDIR));
    GIVES(__wasi_path_rename(dir, "source", dir, "other/"), E(NOTDIR), E(NOENT));
    OK(__wasi_path_remove_directory(dir, "target"));
    OK(__wasi_path_unlink_file(dir, "source"));
}

static void folders_may_have_a_slash_behind(fd_t dir) {
    OK(__wasi_path_create_directory(dir, "source"));
    OK(__wasi_path_rename(dir, "source/", dir, "target"));
    OK(__wasi_path_rename(dir, "target", dir, "source/"));
    OK(__wasi_path_rename(dir, "source/", dir, "target/"));
    OK(__wasi_path_rename(dir, "target", dir, "source"));
    OK(__wasi_path_remove_directory(dir, "source/"));
    OK(__wasi_path_create_directory(dir, "source/"));
    OK(__wasi_path_remove_directory(dir, "source"));
}

static void folders_are_removed_by_their_function(fd_t dir) {
    OK(__wasi_path_create_directory(dir, "dir"));
    GIVES(__wasi_path_unlink_file(dir, "dir"), E(ISDIR));
    GIVES(__wasi_path_unlink_file(dir, "dir/"), E(ISDIR));
    OK(__wasi_path_create_directory(dir, "dir/nested"));
    GIVES(__wasi_path_remove_directory(dir, "dir"), E(NOTEMPTY));
    OK(__wasi_path_remove_directory(dir, "dir/nested"));
    OK(__wasi_path_remove_directory(dir, "dir"));
    create(dir, "file");
    GIVES(__wasi_path_remove_directory(dir, "file"), E(NOTDIR));
    GIVES(__wasi_path_remove_directory(dir, "file/"), E(NOTDIR));
    GIVES(__wasi_path_unlink_file(dir, "file/"), E(NOTDIR));
    OK(__wasi_path_unlink_file(dir, "file"));
}

static void names_are_free_again(fd_t dir) {
    for (int i = 0; i < 2; i++) {
        OK(open_(dir, 0, "file", CREAT));
        OK(__wasi_path_unlink_file(dir, "file"));
        OK(__wasi_fd_close(last));
        OK(__wasi_path_create_directory(dir, "dir"));
        OK(open_(dir, 0, "dir", FOLDER));
        OK(__wasi_path_remove_directory(dir, "dir"));
        OK(__wasi_fd_close(last));
    }
}

static void kinds_are_told(fd_t dir) {
    OK(__wasi_path_create_directory(dir, "subdir"));
    create(dir, "subdir/file");
    OK(__wasi_path_symlink("subdir/file", dir, "link1"));
    OK(__wasi_path_symlink("subdir", dir, "link2"));
    const struct { const char *path; int itself, followed; } kinds[] = {
        {"subdir", __WASI_FILETYPE_DIRECTORY, __WASI_FILETYPE_DIRECTORY},
        {"subdir/file", __WASI_FILETYPE_REGULAR_FILE, __WASI_FILETYPE_REGULAR_FILE},
        {"link1", __WASI_FILETYPE_SYMBOLIC_LINK, __WASI_FILETYPE_REGULAR_FILE},
        {"link2", __WASI_FILETYPE_SYMBOLIC_LINK, __WASI_FILETYPE_DIRECTORY},
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        SAME(of_path(dir, 0, kinds[i].path).filetype, kinds[i].itself);
        SAME(of_path(dir, FOLLOW, kinds[i].path).filetype, kinds[i].followed);
    }
    OK(__wasi_path_unlink_file(dir, "link1"));
    OK(__wasi_path_unlink_file(dir, "link2"));
    OK(__wasi_path_unlink_file(dir, "subdir/file"));
    OK(__wasi_path_remove_directory(dir, "subdir"));
}

static void files_are_no_folders(fd_t dir) {
    create(dir, "file");
    GIVES(open_(dir, 0, "file", CREAT | EXCL), E(EXIST));
    GIVES(open_(dir, 0, "other", 0), E(NOENT));
    OK(open_(dir, 0, "file", 0));
    GIVES(open_(last, 0, "foo", CREAT), E(NOTDIR), E(NOTCAPABLE));
    OK(__wasi_fd_close(last));
    OK(__wasi_path_unlink_file(dir, "file"));
}

int main(void) {
    const struct fact all[] = {
        FACT(paths_are_resolved_below_the_folder), FACT(folders_are_renamed), FACT(files_are_renamed),
        FACT(folders_may_have_a_slash_behind), FACT(folders_are_removed_by_their_function), FACT(names_are_free_again),
        FACT(kinds_are_told), FACT(files_are_no_folders),
    };
    return all_facts(all, COUNT(all));
}
