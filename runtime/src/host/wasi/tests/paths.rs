//! Directories, names, links, and that no path leads out.

use super::*;
use std::os::unix::fs::symlink;
use types::oflags;

impl Guest {
    /// A function of two paths with what comes before and between them.
    fn on_two_paths(&mut self, name: &str, old: &str, new: &str) -> Errno {
        self.put(PATH, old.as_bytes());
        self.put(OTHER_PATH, new.as_bytes());
        let (root, old, new) = (
            u64::from(ROOT),
            (u64::from(PATH), old.len() as u64),
            (u64::from(OTHER_PATH), new.len() as u64),
        );
        match name {
            "path_link" => self.call(name, &[root, 0, old.0, old.1, root, new.0, new.1]),
            "path_rename" => self.call(name, &[root, old.0, old.1, root, new.0, new.1]),
            _ => self.call(name, &[old.0, old.1, root, new.0, new.1]),
        }
    }
}

/// All functions that take a path, except for those that open files.
fn assert_that_nothing_follows(guest: &mut Guest, path: &str) {
    let refused = |name, errno| assert_eq!(errno, Errno::Perm, "{name} {path}");
    for (name, more) in [
        ("path_unlink_file", &[][..]),
        ("path_create_directory", &[]),
        ("path_remove_directory", &[]),
        ("path_readlink", &[0, 10, 64]),
    ] {
        refused(name, guest.on_path(name, path, more));
    }
    for (name, more) in [
        ("path_filestat_get", &[0][..]),
        ("path_filestat_set_times", &[0, 0, 2]),
    ] {
        refused(name, guest.on_path_with_lookup(name, path, more));
    }
    for name in ["path_rename", "path_link"] {
        refused(name, guest.on_two_paths(name, path, "in"));
        refused(name, guest.on_two_paths(name, "d", path));
    }
    let made = guest.on_two_paths("path_symlink", "d", path);
    refused("path_symlink", made);
}

#[test]
fn no_path_leads_out() {
    let mut guest = Guest::new();
    symlink("../secret", guest.host_path("relative")).unwrap();
    symlink(guest.host.join("secret"), guest.host_path("absolute")).unwrap();
    symlink("..", guest.host_path("up")).unwrap();
    std::fs::create_dir(guest.host_path("d")).unwrap();
    let absolute = guest.host.join("secret").to_str().unwrap().to_owned();
    let paths = [
        "../secret",
        "..",
        "/",
        "/etc/passwd",
        &absolute,
        "d/../../secret",
        "relative",
        "absolute",
        "up/secret",
    ];
    for path in paths {
        for (flags, rights) in [(0, rights::FD_READ), (oflags::DIRECTORY, rights::ALL)] {
            let opened = guest.open_as(path, flags, rights, 0);
            assert_eq!(opened, Err(Errno::Perm), "{path}");
        }
    }
    for path in ["../secret", "up/secret", &absolute] {
        assert_that_nothing_follows(&mut guest, path);
    }
    assert_eq!(
        guest.on_two_paths("path_symlink", &absolute, "made"),
        Errno::Perm
    );
    assert_eq!(std::fs::read(guest.host.join("secret")).unwrap(), b"secret");
    // Up and down again inside is no escape.
    guest.create("d/../f");
    assert!(guest.host_path("f").exists());
}

#[test]
fn a_link_at_the_end_is_followed_only_if_asked() {
    let mut guest = Guest::new();
    std::fs::write(guest.host_path("f"), "abc").unwrap();
    assert_eq!(guest.on_two_paths("path_symlink", "f", "l"), Errno::Success);
    assert_eq!(
        guest.open_at(ROOT, "l", [0, 0, rights::FD_READ, 0]),
        Err(Errno::Loop)
    );
    let fd = guest
        .open_at(ROOT, "l", [1, 0, rights::FD_READ, 0])
        .unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"abc".to_vec()));
    assert_eq!(
        guest.on_path_with_lookup("path_filestat_get", "l", &[0]),
        Errno::Success
    );
    assert_eq!(guest.memory[16], 7);
    guest.put(PATH, b"l");
    guest.ok(
        "path_filestat_get",
        &[u64::from(ROOT), 1, u64::from(PATH), 1, 0],
    );
    assert_eq!((guest.memory[16], guest.u64(32)), (4, 3));
    // The times of the link itself, then of the file.
    assert_eq!(
        guest.on_path_with_lookup("path_filestat_set_times", "l", &[7, 7, 5]),
        Errno::Success
    );
    assert_eq!(
        guest.on_path_with_lookup("path_filestat_get", "l", &[0]),
        Errno::Success
    );
    assert_eq!((guest.memory[16], guest.u64(48)), (7, 7));
    guest.ok(
        "path_filestat_get",
        &[u64::from(ROOT), 1, u64::from(PATH), 1, 0],
    );
    assert!(guest.u64(48) > 7);
}

#[test]
fn a_link_is_read_as_far_as_the_buffer_goes() {
    let mut guest = Guest::new();
    symlink("target", guest.host_path("l")).unwrap();
    guest.create("f");
    assert_eq!(
        guest.on_path("path_readlink", "l", &[200, 100, 64]),
        Errno::Success
    );
    assert_eq!((guest.u32(64), guest.bytes(200, 7)), (6, &b"target\0"[..]));
    assert_eq!(
        guest.on_path("path_readlink", "l", &[300, 3, 64]),
        Errno::Success
    );
    assert_eq!((guest.u32(64), guest.bytes(300, 4)), (3, &b"tar\0"[..]));
    assert_eq!(
        guest.on_path("path_readlink", "f", &[200, 100, 64]),
        Errno::Inval
    );
    assert_eq!(
        guest.on_path("path_readlink", "l", &[65535, 100, 64]),
        Errno::Fault
    );
}

#[test]
fn names_are_made_moved_and_removed() {
    let mut guest = Guest::new();
    assert_eq!(
        guest.on_path("path_create_directory", "d", &[]),
        Errno::Success
    );
    assert_eq!(
        guest.on_path("path_create_directory", "d", &[]),
        Errno::Exist
    );
    assert_eq!(
        guest.on_path("path_create_directory", "no/d", &[]),
        Errno::Noent
    );
    let fd = guest.create("d/f");
    guest.write(fd, b"abc").unwrap();
    assert_eq!(guest.on_two_paths("path_link", "d/f", "g"), Errno::Success);
    assert_eq!(guest.on_two_paths("path_link", "d/f", "g"), Errno::Exist);
    assert_eq!(
        guest.on_path("path_remove_directory", "d", &[]),
        Errno::Notempty
    );
    assert_eq!(
        guest.on_path("path_remove_directory", "g", &[]),
        Errno::Notdir
    );
    assert_eq!(guest.on_path("path_unlink_file", "d", &[]), Errno::Isdir);
    assert_eq!(
        guest.on_two_paths("path_rename", "d/f", "h"),
        Errno::Success
    );
    assert_eq!(guest.on_two_paths("path_rename", "d/f", "h"), Errno::Noent);
    assert_eq!(std::fs::read(guest.host_path("h")).unwrap(), b"abc");
    assert_eq!(guest.on_two_paths("path_rename", "h", "d"), Errno::Isdir);
    assert_eq!(
        guest.on_path("path_remove_directory", "d", &[]),
        Errno::Success
    );
    assert_eq!(guest.on_path("path_unlink_file", "g", &[]), Errno::Success);
    assert_eq!(guest.on_path("path_unlink_file", "g", &[]), Errno::Noent);
    // What was open stays open.
    assert_eq!(guest.seek(fd, 0, 2), Ok(3));
}

/// Expects what a Linux system answers to the same calls (`rmdir`, `unlink`, `rename`).
#[test]
fn a_slash_behind_a_name_says_that_it_is_a_directory() {
    let mut guest = Guest::new();
    for name in ["d", "d/e", "d/f", "empty"] {
        std::fs::create_dir(guest.host_path(name)).unwrap();
    }
    for (target, link) in [("d", "ld"), ("missing", "dangling"), ("loop", "loop")] {
        symlink(target, guest.host_path(link)).unwrap();
    }
    guest.create("file");
    for (path, right) in [
        ("d/", Errno::Notempty),
        ("d/e/", Errno::Success),
        ("./ld/f//", Errno::Success),
        ("file/", Errno::Notdir),
        ("ld/", Errno::Notdir),
        ("dangling/", Errno::Notdir),
        ("missing/", Errno::Noent),
        ("d/.", Errno::Inval),
    ] {
        let removed = guest.on_path("path_remove_directory", path, &[]);
        assert_eq!(removed, right, "rmdir {path}");
    }
    for (path, right) in [
        ("file/", Errno::Notdir),
        ("d/", Errno::Isdir),
        ("ld/", Errno::Notdir),
        ("loop/", Errno::Notdir),
        ("missing/", Errno::Noent),
    ] {
        let removed = guest.on_path("path_unlink_file", path, &[]);
        assert_eq!(removed, right, "unlink {path}");
    }
    for (old, new, right) in [
        ("file", "new/", Errno::Notdir),
        ("file/", "new", Errno::Notdir),
        ("file", "d/", Errno::Notdir),
        ("ld/", "new", Errno::Notdir),
        ("ld", "new/", Errno::Notdir),
        ("d", "ld/", Errno::Notdir),
        ("d/", "d/e", Errno::Inval),
        ("empty/", "ld/new/", Errno::Success),
        ("d/new", "d/again/", Errno::Success),
    ] {
        let renamed = guest.on_two_paths("path_rename", old, new);
        assert_eq!(renamed, right, "rename {old} {new}");
    }
    assert!(guest.host_path("d/again").is_dir());
}

#[test]
fn a_directory_is_not_opened_for_writing() {
    let mut guest = Guest::new();
    std::fs::create_dir(guest.host_path("d")).unwrap();
    guest.create("f");
    let mut open = |path, rights| guest.open_as(path, oflags::DIRECTORY, rights, 0).err();
    for path in ["d", "."] {
        assert_eq!(
            open(path, rights::FD_READ | rights::FD_WRITE),
            Some(Errno::Isdir)
        );
        assert_eq!(open(path, rights::FD_READ | rights::FD_ALLOCATE), None);
        assert_eq!(open(path, 0), None);
    }
    assert_eq!(open("f", rights::FD_WRITE), Some(Errno::Notdir));
}

#[test]
fn bad_paths_have_their_own_errors() {
    let mut guest = Guest::new();
    assert_eq!(guest.open_as("", 0, rights::FD_READ, 0), Err(Errno::Noent));
    assert_eq!(
        guest.open_as("a\0b", 0, rights::FD_READ, 0),
        Err(Errno::Inval)
    );
    assert_eq!(
        guest.open_as(&"x".repeat(300), 0, rights::FD_READ, 0),
        Err(Errno::Nametoolong)
    );
    guest.put(PATH, b"\xff\xfe");
    assert_eq!(
        guest.call("path_unlink_file", &[3, u64::from(PATH), 2]),
        Errno::Ilseq
    );
    assert_eq!(guest.call("path_unlink_file", &[3, 65535, 2]), Errno::Fault);
    assert_eq!(
        guest.call(
            "path_unlink_file",
            &[3, u64::from(u32::MAX), u64::from(u32::MAX)]
        ),
        Errno::Fault
    );
    assert_eq!(guest.call("path_unlink_file", &[1, 0, 0]), Errno::Notdir);
    assert_eq!(guest.call("path_unlink_file", &[50, 0, 0]), Errno::Badf);
    let file = guest.create("f");
    assert_eq!(
        guest.open_at(file, "x", [0, 0, rights::FD_READ, 0]),
        Err(Errno::Notdir)
    );
}

/// An entry of a listing: cookie of the next, inode, type, name.
type Entry = (u64, u64, u8, String);

impl Guest {
    /// Calls `fd_readdir` once: the whole entries that fit, and the bytes used.
    fn list(&mut self, fd: u32, len: u32, cookie: u64) -> (Vec<Entry>, u32) {
        self.ok(
            "fd_readdir",
            &[
                u64::from(fd),
                u64::from(BUFFER),
                u64::from(len),
                cookie,
                u64::from(RESULT),
            ],
        );
        let (used, mut entries, mut at) = (self.u32(RESULT), Vec::new(), BUFFER);
        let end = BUFFER + used;
        while at + 24 <= end && at + 24 + self.u32(at + 16) <= end {
            let name = String::from_utf8(self.bytes(at + 24, self.u32(at + 16)).to_vec()).unwrap();
            entries.push((
                self.u64(at),
                self.u64(at + 8),
                self.memory[at as usize + 20],
                name,
            ));
            at += 24 + self.u32(at + 16);
        }
        (entries, used)
    }
}

#[test]
fn a_listing_goes_on_from_any_cookie() {
    let mut guest = Guest::new();
    for index in 0..40 {
        std::fs::write(guest.host_path(&format!("file{index}")), "").unwrap();
    }
    std::fs::create_dir(guest.host_path("d")).unwrap();
    let (all, used) = guest.list(ROOT, 16384, 0);
    assert!(used < 16384, "less than the buffer: that was all");
    assert_eq!(all.len(), 43);
    for (name, filetype) in [(".", 3), ("..", 3), ("d", 3), ("file7", 4)] {
        assert!(
            all.iter()
                .any(|entry| entry.3 == name && entry.2 == filetype),
            "{name}"
        );
    }
    let own = all.iter().find(|entry| entry.3 == ".").unwrap().1;
    assert_eq!(
        all.iter().find(|entry| entry.3 == "..").unwrap().1,
        own,
        "nothing above is seen"
    );
    // In pages that cut entries off, with other listings between them.
    let (mut paged, mut cookie) = (Vec::new(), 0);
    loop {
        let (entries, used) = guest.list(ROOT, 100, cookie);
        guest.list(ROOT, 50, 0);
        let Some(last) = entries.last() else { break };
        cookie = last.0;
        paged.extend(entries);
        if used < 100 {
            break;
        }
    }
    assert_eq!(paged, all);
    let (from_middle, _) = guest.list(ROOT, 16384, all[20].0);
    assert_eq!(from_middle, all[21..]);
}

#[test]
fn a_listing_fills_what_buffer_there_is() {
    let mut guest = Guest::new();
    assert_eq!(guest.list(ROOT, 10, 0), (vec![], 10));
    assert_eq!(guest.list(ROOT, 0, 0), (vec![], 0));
    let file = u64::from(guest.create("f"));
    assert_eq!(
        guest.call("fd_readdir", &[file, 0, 10, 0, 64]),
        Errno::Notdir
    );
    assert_eq!(guest.call("fd_readdir", &[99, 0, 10, 0, 64]), Errno::Badf);
    assert_eq!(
        guest.call("fd_readdir", &[3, 65530, 10, 0, 64]),
        Errno::Fault
    );
}
