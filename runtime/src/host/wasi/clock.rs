//! Clocks: real time, monotonic time, and the processor time of the process and of the thread.

use super::functions::{Args, Call};
use super::{Done, Errno};
use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

/// The system's clock for one of WASI's.
pub fn clock(id: u32) -> Result<ClockId, Errno> {
    match id {
        0 => Ok(ClockId::Realtime),
        1 => Ok(ClockId::Monotonic),
        2 => Ok(ClockId::ProcessCPUTime),
        3 => Ok(ClockId::ThreadCPUTime),
        _ => Err(Errno::Inval),
    }
}

/// Nanoseconds of a time.
pub fn nanoseconds(time: Timespec) -> u64 {
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
}

/// Nanoseconds on a clock now.
pub fn now(clock: ClockId) -> u64 {
    nanoseconds(clock_gettime(clock))
}

pub fn clock_res_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let resolution = clock_getres(clock(args.u32())?);
    Ok(call.memory.write_u64(args.u32(), nanoseconds(resolution))?)
}

pub fn clock_time_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let clock = clock(args.u32())?;
    let _precision = args.u64();
    Ok(call.memory.write_u64(args.u32(), now(clock))?)
}
