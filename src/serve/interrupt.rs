//! Ctrl-C, as a descriptor that can be read then. The second one ends the process, as it does any other.

use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsRawFd, OwnedFd};
use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

/// The descriptor that the handler writes to.
static EVENT: AtomicI32 = AtomicI32::new(-1);

/// The descriptor, from now on; it is made once.
pub fn descriptor() -> io::Result<OwnedFd> {
    let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
    let written = event.try_clone()?;
    EVENT.store(written.as_raw_fd(), Ordering::Relaxed);
    // Open as long as the process is: the handler may write at any time.
    std::mem::forget(written);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the action is all zeroes but for what is set, which is valid: an empty mask, a handler of one argument.
        let done = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = note as extern "C" fn(libc::c_int) as usize;
            action.sa_flags = libc::SA_RESETHAND | libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigaction(signal, &action, std::ptr::null_mut())
        };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(event)
}

extern "C" fn note(_: libc::c_int) {
    let one = 1u64.to_ne_bytes();
    // SAFETY: write(2) may be called by a handler (signal-safety(7)); the bytes are there, and errno is the thread's again afterwards.
    unsafe {
        let errno = *libc::__errno_location();
        libc::write(
            EVENT.load(Ordering::Relaxed),
            one.as_ptr().cast(),
            one.len(),
        );
        *libc::__errno_location() = errno;
    }
}
