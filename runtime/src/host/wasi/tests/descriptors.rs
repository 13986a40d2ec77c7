//! The table of descriptors, rights, and the directories that a guest starts with.

use super::*;

#[test]
fn a_closed_descriptor_is_bad_for_all() {
    let mut guest = Guest::new();
    let fd = guest.create("f");
    guest.ok("fd_close", &[u64::from(fd)]);
    guest.iovec(1);
    for number in [u64::from(fd), 1000, u64::from(u32::MAX)] {
        assert_eq!(guest.call("fd_close", &[number]), Errno::Badf);
        assert_eq!(guest.call("fd_read", &[number, 0, 1, 64]), Errno::Badf);
        assert_eq!(guest.call("fd_write", &[number, 0, 1, 64]), Errno::Badf);
        assert_eq!(guest.call("fd_seek", &[number, 0, 0, 64]), Errno::Badf);
        assert_eq!(guest.call("fd_fdstat_get", &[number, 64]), Errno::Badf);
        assert_eq!(guest.call("fd_fdstat_set_flags", &[number, 0]), Errno::Badf);
        assert_eq!(
            guest.call("fd_fdstat_set_rights", &[number, 0, 0]),
            Errno::Badf
        );
        assert_eq!(guest.call("fd_sync", &[number]), Errno::Badf);
        assert_eq!(guest.call("fd_renumber", &[number, 1]), Errno::Badf);
        assert_eq!(guest.call("fd_renumber", &[1, number]), Errno::Badf);
    }
    // Neither did the failed renumbering close anything.
    guest.ok("fd_fdstat_get", &[1, 64]);
}

#[test]
fn the_highest_free_number_is_given() {
    let mut guest = Guest::new();
    let (first, second) = (guest.create("a"), guest.create("b"));
    assert_eq!((first, second), (4, 5));
    guest.ok("fd_close", &[4]);
    guest.ok("fd_close", &[0]);
    let given = [guest.create("c"), guest.create("d"), guest.create("e")];
    assert_eq!(given, [4, 0, 6]);
}

/// Gives standard output another number, fails to give it back, as the number is closed then, and opens a file.
#[test]
fn a_file_does_not_become_a_standard_stream_that_was_renumbered() {
    let mut guest = Guest::new();
    let (old, scratch) = (guest.create("old"), guest.create("scratch"));
    guest.ok("fd_renumber", &[1, u64::from(old)]);
    assert_eq!(
        guest.call("fd_renumber", &[u64::from(scratch), 1]),
        Errno::Badf
    );
    guest.ok("fd_close", &[u64::from(scratch)]);
    let file = guest.create("file");
    assert_eq!(file, scratch);
    assert_eq!(guest.write(1, b"log"), Err(Errno::Badf));
}

#[test]
fn renumbering_replaces_and_closes() {
    let mut guest = Guest::new();
    let (first, second) = (guest.create("a"), guest.create("b"));
    guest.ok("fd_renumber", &[u64::from(first), u64::from(second)]);
    guest.write(second, b"x").unwrap();
    assert_eq!(std::fs::read(guest.host_path("a")).unwrap(), b"x");
    assert_eq!(guest.write(first, b"x"), Err(Errno::Badf));
    guest.ok("fd_renumber", &[u64::from(second), u64::from(second)]);
    guest.write(second, b"y").unwrap();
}

#[test]
fn preopened_directories_have_names() {
    let mut guest = Guest::new();
    guest.ok("fd_prestat_get", &[3, 0]);
    assert_eq!((guest.memory[0], guest.u32(4)), (0, 5));
    guest.ok("fd_prestat_dir_name", &[3, 100, 5]);
    assert_eq!(guest.bytes(100, 6), b"/data\0");
    guest.ok("fd_prestat_dir_name", &[3, 100, 9]);
    assert_eq!(
        guest.call("fd_prestat_dir_name", &[3, 100, 4]),
        Errno::Nametoolong
    );
    assert_eq!(
        guest.call("fd_prestat_dir_name", &[3, 65534, 5]),
        Errno::Fault
    );
    // A C library stops at the first of these.
    for fd in [0, 1, 4, 100] {
        assert_eq!(guest.call("fd_prestat_get", &[fd, 0]), Errno::Badf);
        assert_eq!(guest.call("fd_prestat_dir_name", &[fd, 0, 9]), Errno::Badf);
    }
}

#[test]
fn rights_can_only_be_given_up() {
    let mut guest = Guest::new();
    let fd = u64::from(guest.create("f"));
    guest.ok("fd_fdstat_get", &[fd, 0]);
    let (base, inheriting) = (guest.u64(8), guest.u64(16));
    assert_eq!((guest.memory[0], base, inheriting), (4, rights::FILE, 0));
    guest.ok("fd_fdstat_set_rights", &[fd, base & !rights::FD_SEEK, 0]);
    assert_eq!(
        guest.call("fd_fdstat_set_rights", &[fd, base, 0]),
        Errno::Notcapable
    );
    assert_eq!(guest.seek(fd as u32, 1, 0), Err(Errno::Notcapable));
    assert_eq!(guest.seek(fd as u32, 0, 1), Ok(0), "that only asks");
    // What a directory may not pass on is not to be had through it.
    let without_write = rights::ALL & !rights::WRITING;
    guest.ok(
        "fd_fdstat_set_rights",
        &[
            3,
            rights::DIRECTORY & !rights::PATH_UNLINK_FILE,
            without_write,
        ],
    );
    assert_eq!(
        guest.open_as("f", 0, rights::FD_WRITE, 0),
        Err(Errno::Notcapable)
    );
    guest.open_as("f", 0, rights::FD_READ, 0).unwrap();
    assert_eq!(
        guest.on_path("path_unlink_file", "f", &[]),
        Errno::Notcapable
    );
}

#[test]
fn a_directory_that_cannot_be_opened_is_named() {
    let error = WasiCtxBuilder::new()
        .preopened_dir("/nonexistent/x", "/guest")
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "cannot open the directory /nonexistent/x as the guest's /guest"
    );
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(
        std::io::Error::from(error).kind(),
        std::io::ErrorKind::NotFound
    );
}

#[test]
fn a_context_can_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<WasiCtx>();
}
