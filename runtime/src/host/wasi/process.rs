//! The process and the machine: exit, yield, random bytes.

use super::functions::{Args, Call};
use super::{Done, Errno, Failure};
use rustix::rand::{GetRandomFlags, getrandom};

pub fn proc_exit(_call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    Err(Failure::Exit(args.u32() as i32))
}

/// The specification lets a host have no signals.
pub fn proc_raise(_call: &mut Call<'_, '_>, _args: &mut Args<'_>) -> Done {
    Err(Errno::Notsup.into())
}

pub fn sched_yield(_call: &mut Call<'_, '_>, _args: &mut Args<'_>) -> Done {
    std::thread::yield_now();
    Ok(())
}

pub fn random_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let mut rest = call.memory.bytes_mut(args.slice())?;
    while !rest.is_empty() {
        let filled = getrandom(&mut *rest, GetRandomFlags::empty())?;
        rest = &mut rest[filled..];
    }
    Ok(())
}
