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
    let (mut start, mut left) = (span.start, span.len);
    call.memory.check(start, u64::from(left))?;
    while left != 0 {
        // The system may give fewer than asked for, and a signal may come between.
        let at_once = left.min(call.memory.at_once());
        let filled = call.memory.fill(start, at_once, |bytes| {
            match getrandom(bytes, GetRandomFlags::empty()) {
                Err(Os::INTR) => Ok(0),
                filled => Ok(filled?),
            }
        })?;
        start = start.wrapping_add(filled as u32);
        left -= filled as u32;
    }
    Ok(())
}
