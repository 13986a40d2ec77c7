//! `poll_oneoff`.

use super::*;
use std::time::{Duration, Instant};

/// The address of events.
const EVENTS: u64 = 8192;

impl Guest {
    /// Stores a clock's subscription as its snapshot lays it out.
    fn subscribe_clock(&mut self, index: u32, userdata: u64, id: u32, timeout: u64, flags: u16) {
        let (size, clock_at) = if self.table.len() == FUNCTIONS.len() {
            (48, 16)
        } else {
            (56, 24)
        };
        let at = index * size;
        self.put(at, &[0; 56][..size as usize]);
        self.put(at, &userdata.to_le_bytes());
        self.put(at + clock_at, &id.to_le_bytes());
        self.put(at + clock_at + 8, &timeout.to_le_bytes());
        self.put(at + clock_at + 24, &flags.to_le_bytes());
    }

    fn subscribe_fd(&mut self, index: u32, userdata: u64, tag: u8, fd: u32) {
        let at = index
            * if self.table.len() == FUNCTIONS.len() {
                48
            } else {
                56
            };
        self.put(at, &userdata.to_le_bytes());
        self.put(at + 8, &[tag]);
        self.put(at + 16, &fd.to_le_bytes());
    }

    /// The events of `count` subscriptions: userdata, error, type, bytes.
    fn poll(&mut self, count: u64) -> Vec<(u64, u16, u8, u64)> {
        self.ok("poll_oneoff", &[0, EVENTS, count, 4000]);
        let events = (0..self.u32(4000)).map(|index| {
            let at = EVENTS as u32 + index * 32;
            (
                self.u64(at),
                self.u32(at + 8) as u16,
                self.memory[at as usize + 10],
                self.u64(at + 16),
            )
        });
        events.collect()
    }
}

#[test]
fn a_timeout_ends_the_wait() {
    for (table, id) in [(FUNCTIONS, 1), (FUNCTIONS, 0), (UNSTABLE_FUNCTIONS, 1)] {
        let mut guest = Guest::new();
        guest.table = table;
        guest.subscribe_clock(0, 7, id, 20_000_000, 0);
        guest.subscribe_clock(1, 8, id, 60_000_000_000, 0);
        let start = Instant::now();
        assert_eq!(guest.poll(2), [(7, 0, 0, 0)]);
        let took = start.elapsed();
        assert!(
            took >= Duration::from_millis(20) && took < Duration::from_secs(10),
            "{took:?}"
        );
    }
}

#[test]
fn a_time_that_has_passed_does_not_wait() {
    let mut guest = Guest::new();
    guest.subscribe_clock(0, 7, 0, 1, 1);
    guest.subscribe_clock(1, 8, 1, u64::MAX, 0);
    assert_eq!(guest.poll(2), [(7, 0, 0, 0)]);
    guest.ok("clock_time_get", &[1, 0, 5000]);
    let start = Instant::now();
    let soon = guest.u64(5000) + 15_000_000;
    guest.subscribe_clock(0, 9, 1, soon, 1);
    assert_eq!(guest.poll(1), [(9, 0, 0, 0)]);
    assert!(start.elapsed() >= Duration::from_millis(14));
}

#[test]
fn files_are_ready_and_bad_descriptors_are_told() {
    let mut guest = Guest::new();
    let fd = guest.create("f");
    guest.write(fd, b"abcdef").unwrap();
    guest.seek(fd, 2, 0).unwrap();
    guest.subscribe_fd(0, 1, 1, fd);
    guest.subscribe_fd(1, 2, 2, fd);
    guest.subscribe_fd(2, 3, 1, 99);
    guest.subscribe_fd(3, 4, 1, ROOT);
    let badf = Errno::Badf as u16;
    assert_eq!(guest.poll(2), [(1, 0, 1, 4), (2, 0, 2, 1)]);
    let all = guest.poll(4);
    assert_eq!(all[2..], [(3, badf, 1, 0), (4, badf, 1, 0)]);
}

#[test]
fn a_pipe_is_ready_when_it_has_bytes() {
    let mut guest = Guest::new();
    let path = guest.host_path("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let fd = guest
        .open_as("pipe", 0, rights::FILE, types::fdflags::NONBLOCK)
        .unwrap();
    assert_eq!(guest.read(fd, 4), Err(Errno::Again));
    guest.subscribe_fd(0, 1, 1, fd);
    guest.subscribe_clock(1, 2, 1, 1_000_000, 0);
    assert_eq!(guest.poll(2), [(2, 0, 0, 0)]);
    assert_eq!(guest.write(fd, b"abc"), Ok(3));
    guest.subscribe_fd(0, 1, 1, fd);
    guest.subscribe_clock(1, 2, 1, 60_000_000_000, 0);
    assert_eq!(guest.poll(2), [(1, 0, 1, 3)]);
    assert_eq!(guest.read(fd, 9), Ok(b"abc".to_vec()));
}

#[test]
fn bad_subscriptions_are_refused() {
    let mut guest = Guest::new();
    assert_eq!(
        guest.call("poll_oneoff", &[0, EVENTS, 0, 4000]),
        Errno::Inval
    );
    guest.subscribe_clock(0, 1, 9, 0, 0);
    assert_eq!(
        guest.call("poll_oneoff", &[0, EVENTS, 1, 4000]),
        Errno::Inval
    );
    guest.subscribe_clock(0, 1, 0, 0, 2);
    assert_eq!(
        guest.call("poll_oneoff", &[0, EVENTS, 1, 4000]),
        Errno::Inval
    );
    guest.subscribe_fd(0, 1, 3, 0);
    assert_eq!(
        guest.call("poll_oneoff", &[0, EVENTS, 1, 4000]),
        Errno::Inval
    );
    guest.subscribe_clock(0, 1, 0, 0, 0);
    assert_eq!(
        guest.call("poll_oneoff", &[0, 65530, 1, 4000]),
        Errno::Fault
    );
    assert_eq!(
        guest.call("poll_oneoff", &[65530, 0, 1, 4000]),
        Errno::Fault
    );
    assert_eq!(
        guest.call("poll_oneoff", &[0, EVENTS, u64::from(u32::MAX), 4000]),
        Errno::Fault
    );
    // Processor time does not pass while one waits for it.
    guest.subscribe_clock(0, 1, 2, 1_000_000_000, 0);
    assert_eq!(guest.poll(1), [(1, Errno::Notsup as u16, 0, 0)]);
}
