//! The process and its thread: signals, giving way, random bytes.

use super::call::{Args, Call, Done};
use super::errno::Errno;
use rustix::io::Errno as Os;
use rustix::rand::{GetRandomFlags, getrandom};

/// Signals would reach the host, which is not the guest's to stop.
pub fn proc_raise(_: &mut Call<'_, '_>, _: &mut Args<'_>) -> Done {
    Err(Errno::Notsup)
}

pub fn sched_yield(_: &mut Call<'_, '_>, _: &mut Args<'_>) -> Done {
    rustix::thread::sched_yield();
    Ok(())
}

pub fn random_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let span = args.span();
    let mut rest = call.memory.bytes_mut(span.start, span.len)?;
    while !rest.is_empty() {
        // The system may give fewer than asked for, and a signal may come between.
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(filled) => rest = &mut rest[filled..],
            Err(Os::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
