//! Arguments, environment, standard streams, clocks, random bytes, the tables themselves.

use super::*;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Three at a time: a short write.
        let len = bytes.len().min(3);
        self.0.lock().unwrap().extend(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_tables_hold_all_functions_once() {
    assert_eq!(FUNCTIONS.len(), 46);
    assert_eq!(UNSTABLE_FUNCTIONS.len(), 45);
    for table in [FUNCTIONS, UNSTABLE_FUNCTIONS] {
        for function in table {
            assert_eq!(
                table
                    .iter()
                    .filter(|other| other.name == function.name)
                    .count(),
                1
            );
            assert_eq!(function.has_result, function.name != "proc_exit");
        }
    }
    assert_eq!(Errno::Notcapable as u16, 76);
}

#[test]
fn arguments_and_environment_are_pointers_and_strings() {
    let mut guest = Guest::with(
        WasiCtxBuilder::new()
            .arg("prog")
            .args(&["a", ""])
            .env("HOME", "/"),
    );
    guest.ok("args_sizes_get", &[0, 4]);
    assert_eq!((guest.u32(0), guest.u32(4)), (3, 8));
    guest.ok("args_get", &[0, 100]);
    assert_eq!([guest.u32(0), guest.u32(4), guest.u32(8)], [100, 105, 107]);
    assert_eq!(guest.bytes(100, 8), b"prog\0a\0\0");
    guest.ok("environ_sizes_get", &[0, 4]);
    assert_eq!((guest.u32(0), guest.u32(4)), (1, 7));
    guest.ok("environ_get", &[0, 100]);
    assert_eq!(guest.bytes(100, 7), b"HOME=/\0");
    assert_eq!(guest.call("args_get", &[0, 65530]), Errno::Fault);
    assert_eq!(
        guest.call("args_get", &[u64::from(u32::MAX), 0]),
        Errno::Fault
    );
}

#[test]
fn writers_and_readers_of_the_embedder_may_be_short() {
    let out = Sink::default();
    let mut builder = WasiCtxBuilder::new();
    builder
        .stdout(Box::new(out.clone()))
        .stdin(Box::new(b"hello".chain(&b"!"[..])));
    let mut guest = Guest::with(&mut builder);
    assert_eq!(guest.write(1, b"12345"), Ok(3));
    assert_eq!(out.0.lock().unwrap().as_slice(), b"123");
    assert_eq!(guest.read(0, 100), Ok(b"hello".to_vec()));
    assert_eq!(guest.read(0, 100), Ok(b"!".to_vec()));
    assert_eq!(guest.read(0, 100), Ok(vec![]));
    assert_eq!(guest.read(1, 1), Err(Errno::Badf));
    assert_eq!(guest.write(0, b"x"), Err(Errno::Badf));
    assert_eq!(guest.seek(1, 0, 0), Err(Errno::Spipe));
}

#[test]
fn buffers_are_gathered_and_bad_ones_are_faults() {
    let out = Sink::default();
    let mut guest = Guest::with(WasiCtxBuilder::new().stdout(Box::new(out.clone())));
    guest.put(500, b"abc");
    // An empty buffer, then "b", then one beyond the end.
    for (index, word) in [0u32, 0, 501, 1, 65535, 2].into_iter().enumerate() {
        guest.put(index as u32 * 4, &word.to_le_bytes());
    }
    guest.ok("fd_write", &[1, 0, 2, 64]);
    assert_eq!(
        (guest.u32(64), out.0.lock().unwrap().clone()),
        (1, b"b".to_vec())
    );
    assert_eq!(guest.call("fd_write", &[1, 0, 3, 64]), Errno::Fault);
    assert_eq!(
        guest.call("fd_write", &[1, 0, u64::from(u32::MAX), 64]),
        Errno::Fault
    );
    assert_eq!(guest.call("fd_write", &[1, 0, 2, 65533]), Errno::Fault);
    assert_eq!(
        out.0.lock().unwrap().as_slice(),
        b"b",
        "nothing is written if the result has no place"
    );
    guest.ok("fd_write", &[1, 0, 0, 64]);
    assert_eq!(guest.u32(64), 0);
}

/// An empty slice of Rust's or array of C's may be anywhere.
#[test]
fn a_pointer_to_nothing_is_not_looked_at() {
    let nowhere = u64::from(u32::MAX);
    let mut guest = Guest::new();
    guest.ok("random_get", &[nowhere, 0]);
    guest.ok("fd_write", &[1, nowhere, 0, 64]);
    guest.put(0, &u32::MAX.to_le_bytes());
    guest.put(4, &0u32.to_le_bytes());
    guest.ok("fd_write", &[1, 0, 1, 64]);
    guest.ok("fd_read", &[0, 0, 1, 64]);
    guest.ok("fd_readdir", &[3, nowhere, 0, 0, 64]);
}

#[test]
fn a_stream_in_memory_is_no_terminal() {
    let mut guest = Guest::new();
    guest.ok("fd_fdstat_get", &[1, 0]);
    assert_eq!(guest.memory[0], types::FileType::Unknown as u8);
    assert_eq!(guest.u64(8) & rights::FD_WRITE, rights::FD_WRITE);
    guest.ok("fd_filestat_get", &[1, 0]);
    assert_eq!(guest.call("fd_filestat_get", &[9, 0]), Errno::Badf);
}

#[test]
fn clocks_go_forward_and_unknown_ones_are_refused() {
    let mut guest = Guest::new();
    for id in 0..4 {
        guest.ok("clock_res_get", &[id, 0]);
        assert!(guest.u64(0) > 0);
        guest.ok("clock_time_get", &[id, 0, 8]);
        guest.ok("clock_time_get", &[id, 0, 16]);
        assert!(guest.u64(8) <= guest.u64(16));
    }
    assert_eq!(guest.call("clock_time_get", &[4, 0, 0]), Errno::Inval);
    assert_eq!(guest.call("clock_res_get", &[99, 0]), Errno::Inval);
    assert_eq!(guest.call("clock_time_get", &[0, 0, 65529]), Errno::Fault);
}

#[test]
fn random_bytes_fill_the_buffer_and_nothing_else() {
    let mut guest = Guest::new();
    guest.ok("random_get", &[100, 1000]);
    assert!(guest.bytes(100, 1000).iter().any(|&byte| byte != 0));
    assert!(guest.bytes(1100, 100).iter().all(|&byte| byte == 0));
    guest.ok("random_get", &[65536, 0]);
    assert_eq!(guest.call("random_get", &[65536, 1]), Errno::Fault);
    assert_eq!(
        guest.call("random_get", &[1, u64::from(u32::MAX)]),
        Errno::Fault
    );
}

#[test]
fn exit_ends_with_the_code_and_signals_are_refused() {
    let mut guest = Guest::new();
    assert_eq!(guest.outcome("proc_exit", &[3]), Outcome::Exit(3));
    assert_eq!(
        guest.outcome("proc_exit", &[u64::from(u32::MAX)]),
        Outcome::Exit(-1)
    );
    assert_eq!(guest.call("proc_raise", &[6]), Errno::Notsup);
    guest.ok("sched_yield", &[]);
}

#[test]
fn what_is_no_socket_is_told_so() {
    let mut guest = Guest::new();
    let file = u64::from(guest.create("f"));
    guest.iovec(4);
    for fd in [1, file, u64::from(ROOT)] {
        assert_eq!(guest.call("sock_accept", &[fd, 0, 64]), Errno::Notsock);
        assert_eq!(
            guest.call("sock_recv", &[fd, 0, 1, 0, 64, 68]),
            Errno::Notsock
        );
        assert_eq!(guest.call("sock_send", &[fd, 0, 1, 0, 64]), Errno::Notsock);
        assert_eq!(guest.call("sock_shutdown", &[fd, 1]), Errno::Notsock);
    }
    assert_eq!(guest.call("sock_shutdown", &[77, 1]), Errno::Badf);
    assert_eq!(guest.call("sock_shutdown", &[1, 0]), Errno::Inval);
}

/// No argument makes a function panic or run away: pointers, lengths and numbers from the edges, in all places.
#[test]
fn no_argument_makes_a_function_panic() {
    let edges = [
        0,
        1,
        3,
        64,
        65535,
        65536,
        0x7fff_ffff,
        0xffff_ffff,
        u64::MAX,
    ];
    let mut state = 1u64;
    for table in [FUNCTIONS, UNSTABLE_FUNCTIONS] {
        for function in table
            .iter()
            .filter(|function| function.name != "poll_oneoff")
        {
            let mut guest = Guest::new();
            for _ in 0..300 {
                let mut args = Vec::new();
                for _ in function.params {
                    state = state
                        .wrapping_mul(6364136223846793005)
                        .wrapping_add(1442695040888963407);
                    args.push(edges[(state >> 33) as usize % edges.len()]);
                }
                (function.call)(
                    &mut guest.ctx,
                    &mut GuestMemory::new(&mut guest.memory),
                    &args,
                );
                (function.call)(&mut guest.ctx, &mut GuestMemory::new(&mut []), &args);
            }
        }
    }
}
