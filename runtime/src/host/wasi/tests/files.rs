//! Bytes of files: reading, writing, seeking, sizes and times.

use super::*;
use types::{fdflags, oflags};

#[test]
fn what_is_written_can_be_read_from_any_position() {
    let mut guest = Guest::new();
    let fd = guest.create("f");
    assert_eq!(guest.write(fd, b"hello world"), Ok(11));
    assert_eq!(std::fs::read(guest.host_path("f")).unwrap(), b"hello world");
    assert_eq!(guest.seek(fd, -5, 2), Ok(6));
    assert_eq!(guest.read(fd, 100), Ok(b"world".to_vec()));
    assert_eq!(guest.read(fd, 100), Ok(vec![]));
    guest.ok("fd_tell", &[u64::from(fd), 64]);
    assert_eq!(guest.u64(64), 11);
    assert_eq!(guest.seek(fd, -1, 0), Err(Errno::Inval));
    assert_eq!(guest.seek(fd, -100, 1), Err(Errno::Inval));
    assert_eq!(guest.seek(fd, 0, 3), Err(Errno::Inval));
}

#[test]
fn reading_and_writing_at_an_offset_leaves_the_position() {
    let mut guest = Guest::new();
    let fd = u64::from(guest.create("f"));
    guest.put(BUFFER, b"abcdef");
    guest.iovec(6);
    guest.ok("fd_pwrite", &[fd, 0, 1, 2, 64]);
    guest.iovec(3);
    guest.ok("fd_pread", &[fd, 0, 1, 1, 64]);
    assert_eq!((guest.u32(64), guest.bytes(BUFFER, 3)), (3, &b"\0ab"[..]));
    guest.ok("fd_tell", &[fd, 64]);
    assert_eq!(guest.u64(64), 0);
    assert_eq!(
        guest.call("fd_pread", &[fd, 0, 1, u64::MAX, 64]),
        Errno::Inval
    );
    assert_eq!(guest.call("fd_pread", &[0, 0, 1, 0, 64]), Errno::Spipe);
}

#[test]
fn buffers_are_filled_in_order_and_may_overlap() {
    let mut guest = Guest::new();
    let fd = guest.create("f");
    guest.write(fd, b"abcdef").unwrap();
    let mut read_into = |spans: [(u32, u32); 2]| {
        guest.seek(fd, 0, 0).unwrap();
        for (index, (start, len)) in spans.into_iter().enumerate() {
            guest.put(index as u32 * 8, &start.to_le_bytes());
            guest.put(index as u32 * 8 + 4, &len.to_le_bytes());
        }
        guest.ok("fd_read", &[u64::from(fd), 0, 2, 64]);
        (
            guest.u32(64),
            guest.bytes(8000, 2).to_vec(),
            guest.bytes(7000, 3).to_vec(),
        )
    };
    // The later in memory is filled first.
    assert_eq!(
        read_into([(8000, 2), (7000, 3)]),
        (5, b"ab".to_vec(), b"cde".to_vec())
    );
    // Shared bytes: the first alone, a short read.
    let (count, first, _) = read_into([(8000, 2), (8001, 3)]);
    assert_eq!((count, first), (2, b"ab".to_vec()));
}

#[test]
fn appending_ignores_the_position() {
    let mut guest = Guest::new();
    std::fs::write(guest.host_path("log"), "one").unwrap();
    let fd = guest
        .open_as("log", 0, rights::FILE, fdflags::APPEND)
        .unwrap();
    guest.seek(fd, 0, 0).unwrap();
    guest.write(fd, b"two").unwrap();
    assert_eq!(std::fs::read(guest.host_path("log")).unwrap(), b"onetwo");
    // But for a write that says where.
    guest.put(BUFFER, b"On");
    guest.iovec(2);
    guest.ok("fd_pwrite", &[u64::from(fd), 0, 1, 0, 64]);
    assert_eq!(std::fs::read(guest.host_path("log")).unwrap(), b"Onetwo");
    guest.ok("fd_tell", &[u64::from(fd), 64]);
    assert_eq!(guest.u64(64), 6);
    guest.ok("fd_fdstat_get", &[u64::from(fd), 0]);
    assert_eq!(guest.u32(0) >> 16, u32::from(fdflags::APPEND));
    guest.ok("fd_fdstat_set_flags", &[u64::from(fd), 0]);
    guest.seek(fd, 0, 0).unwrap();
    guest.write(fd, b"X").unwrap();
    assert_eq!(std::fs::read(guest.host_path("log")).unwrap(), b"Xnetwo");
    assert_eq!(
        guest.call("fd_fdstat_set_flags", &[u64::from(fd), 32]),
        Errno::Inval
    );
    assert_eq!(
        guest.call(
            "fd_fdstat_set_flags",
            &[u64::from(fd), u64::from(fdflags::SYNC)]
        ),
        Errno::Inval
    );
}

#[test]
fn opening_creates_empties_and_excludes_as_told() {
    let mut guest = Guest::new();
    assert_eq!(guest.open_as("f", 0, rights::FD_READ, 0), Err(Errno::Noent));
    let fd = guest.create("f");
    guest.write(fd, b"abc").unwrap();
    assert_eq!(
        guest.open_as("f", oflags::CREAT | oflags::EXCL, rights::FILE, 0),
        Err(Errno::Exist)
    );
    guest.open_as("f", oflags::CREAT, rights::FILE, 0).unwrap();
    assert_eq!(std::fs::read(guest.host_path("f")).unwrap(), b"abc");
    guest.open_as("f", oflags::TRUNC, rights::FILE, 0).unwrap();
    assert_eq!(std::fs::read(guest.host_path("f")).unwrap(), b"");
    // To read alone, and still created.
    let fd = guest
        .open_as("new", oflags::CREAT, rights::FD_READ, 0)
        .unwrap();
    assert_eq!(guest.read(fd, 1), Ok(vec![]));
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
    let fd = guest.open_as("new", 0, rights::FD_WRITE, 0).unwrap();
    assert_eq!(guest.read(fd, 1), Err(Errno::Badf));
    assert_eq!(guest.open_as("f", 16, rights::FILE, 0), Err(Errno::Inval));
    assert_eq!(guest.open_as("f", 0, rights::FILE, 32), Err(Errno::Inval));
    assert_eq!(
        guest.open_at(ROOT, "f", [2, 0, rights::FILE, 0]),
        Err(Errno::Inval)
    );
    // A flag beyond the sixteen bits is no flag.
    assert_eq!(
        guest.open_at(ROOT, "f", [1, 1 << 16, rights::FILE, 0]),
        Err(Errno::Inval)
    );
}

#[test]
fn every_combination_of_flags_is_opened_or_refused() {
    let mut guest = Guest::new();
    for oflags in 0..=oflags::ALL {
        for fdflags in 0..=fdflags::ALL {
            for rights in [0, rights::FD_READ, rights::FD_WRITE, rights::FILE, u64::MAX] {
                if let Ok(fd) = guest.open_as("f", oflags, rights, fdflags) {
                    guest.ok("fd_fdstat_get", &[u64::from(fd), 0]);
                    assert_eq!(guest.u32(0) >> 16 & u32::from(fdflags), u32::from(fdflags));
                    guest.ok("fd_close", &[u64::from(fd)]);
                }
            }
        }
    }
}

#[test]
fn nothing_is_created_if_the_result_has_no_place() {
    let mut guest = Guest::new();
    guest.put(PATH, b"f");
    let creat = u64::from(oflags::CREAT);
    let args = [
        u64::from(ROOT),
        0,
        u64::from(PATH),
        1,
        creat,
        rights::FILE,
        0,
        0,
        65533,
    ];
    assert_eq!(guest.call("path_open", &args), Errno::Fault);
    assert!(!guest.host_path("f").exists());
}

#[test]
fn directories_are_opened_to_read_only() {
    let mut guest = Guest::new();
    std::fs::create_dir(guest.host_path("d")).unwrap();
    guest.create("f");
    let dir = guest
        .open_as("d", oflags::DIRECTORY, rights::ALL & !rights::FD_WRITE, 0)
        .unwrap();
    assert_eq!(guest.open_as("d", 0, rights::FILE, 0), Err(Errno::Isdir));
    assert_eq!(
        guest.open_as("f", oflags::DIRECTORY, rights::ALL, 0),
        Err(Errno::Notdir)
    );
    assert_eq!(
        guest.open_as("d", oflags::DIRECTORY | oflags::CREAT, rights::ALL, 0),
        Err(Errno::Inval)
    );
    assert_eq!(guest.read(dir, 1), Err(Errno::Badf));
    assert_eq!(guest.write(dir, b"x"), Err(Errno::Badf));
    assert_eq!(guest.seek(dir, 0, 0), Err(Errno::Badf));
    assert_eq!(
        guest.call("fd_allocate", &[u64::from(dir), 0, 1]),
        Errno::Badf
    );
    guest
        .open_at(dir, "inner", [0, u64::from(oflags::CREAT), rights::FILE, 0])
        .unwrap();
    assert!(guest.host_path("d/inner").exists());
}

#[test]
fn sizes_and_times_are_set_and_told() {
    let mut guest = Guest::new();
    let fd = u64::from(guest.create("f"));
    guest.ok("fd_filestat_set_size", &[fd, 100]);
    guest.ok("fd_allocate", &[fd, 0, 200]);
    guest.ok("fd_advise", &[fd, 0, 0, 3]);
    guest.ok("fd_sync", &[fd]);
    guest.ok("fd_datasync", &[fd]);
    guest.ok(
        "fd_filestat_set_times",
        &[fd, 1_500_000_000, 2_500_000_001, 1 | 4],
    );
    guest.ok("fd_filestat_get", &[fd, 0]);
    assert_eq!(
        (guest.memory[16], guest.u64(24), guest.u64(32)),
        (4, 1, 200)
    );
    assert_eq!(
        (guest.u64(40), guest.u64(48)),
        (1_500_000_000, 2_500_000_001)
    );
    // The access alone, by path, to now.
    assert_eq!(
        guest.on_path_with_lookup("path_filestat_set_times", "f", &[0, 0, 2]),
        Errno::Success
    );
    assert_eq!(
        guest.on_path_with_lookup("path_filestat_get", "f", &[0]),
        Errno::Success
    );
    assert!(guest.u64(40) > 1_600_000_000_000_000_000);
    assert_eq!(guest.u64(48), 2_500_000_001);
    assert_eq!(
        guest.call("fd_filestat_set_times", &[fd, 0, 0, 3]),
        Errno::Inval
    );
    assert_eq!(
        guest.call("fd_filestat_set_times", &[fd, 0, 0, 16]),
        Errno::Inval
    );
    assert_eq!(
        guest.call("fd_filestat_set_size", &[fd, u64::MAX]),
        Errno::Inval
    );
    assert_eq!(guest.call("fd_advise", &[fd, 0, 0, 6]), Errno::Inval);
    assert_eq!(guest.call("fd_filestat_get", &[fd, 65530]), Errno::Fault);
}

#[test]
fn snapshot_0_has_its_own_filestat_and_whence() {
    let mut guest = Guest::new();
    let fd = guest.create("f");
    guest.write(fd, b"abcdef").unwrap();
    guest.table = UNSTABLE_FUNCTIONS;
    guest.put(56, &[0xaa; 8]);
    guest.ok("fd_filestat_get", &[u64::from(fd), 0]);
    assert_eq!((guest.memory[16], guest.u32(20), guest.u64(24)), (4, 1, 6));
    assert_eq!(guest.u64(56), 0xaaaa_aaaa_aaaa_aaaa, "56 bytes");
    assert_eq!(guest.seek(fd, 1, 2), Ok(1), "from the start");
    assert_eq!(guest.seek(fd, 1, 0), Ok(2), "from here");
    assert_eq!(guest.seek(fd, -1, 1), Ok(5), "from the end");
}

impl Guest {
    /// As `on_path`, for functions with flags before the path.
    pub(super) fn on_path_with_lookup(&mut self, name: &str, path: &str, rest: &[u64]) -> Errno {
        self.put(PATH, path.as_bytes());
        let mut args = vec![u64::from(ROOT), 0, u64::from(PATH), path.len() as u64];
        args.extend(rest);
        self.call(name, &args)
    }
}

#[test]
fn what_is_open_to_read_is_not_made_longer_or_shorter() {
    let mut guest = Guest::new();
    std::fs::write(guest.host_path("f"), "abc").unwrap();
    let fd = u64::from(guest.open_as("f", 0, rights::FD_READ, 0).unwrap());
    assert_eq!(guest.call("fd_allocate", &[fd, 0, 10]), Errno::Badf);
    assert_eq!(guest.call("fd_filestat_set_size", &[fd, 1]), Errno::Inval);
    guest.ok("fd_sync", &[fd]);
    guest.ok("fd_datasync", &[fd]);
    assert_eq!(std::fs::read(guest.host_path("f")).unwrap(), b"abc");
}
