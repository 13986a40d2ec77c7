//! The process's standard streams, for what a replayed program writes.

use rustix::fd::BorrowedFd;

/// Writes to a standard stream, as long as somebody reads.
pub(super) fn write_out(stream: u8, mut bytes: &[u8]) {
    let stream = match stream {
        1 => libc::STDOUT_FILENO,
        _ => libc::STDERR_FILENO,
    };
    // SAFETY: the command has standard streams as long as it runs.
    let stream = unsafe { BorrowedFd::borrow_raw(stream) };
    while !bytes.is_empty() {
        match rustix::io::write(stream, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
