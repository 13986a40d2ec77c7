//! Clocks: real time, monotonic time, and the processor time of the process and of the thread.

use super::call::{Args, Call, Done};
use super::errno::Errno;
use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

/// The host's clock that a guest numbers `id` (witx `clockid`).
pub fn host_clock(id: u32) -> Result<ClockId, Errno> {
    match id {
        0 => Ok(ClockId::Realtime),
        1 => Ok(ClockId::Monotonic),
        2 => Ok(ClockId::ProcessCPUTime),
        3 => Ok(ClockId::ThreadCPUTime),
        _ => Err(Errno::Inval),
    }
}

/// A `timestamp`; what does not fit is an error, as a host's clock may stand before 1970.
fn nanoseconds(time: Timespec) -> Result<u64, Errno> {
    let total = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    u64::try_from(total).map_err(|_| Errno::Overflow)
}

/// Returns the time of a clock.
pub fn now(clock: ClockId) -> Result<u64, Errno> {
    nanoseconds(clock_gettime(clock))
}

pub fn clock_res_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (id, at) = (args.u32(), args.u32());
    let resolution = nanoseconds(clock_getres(host_clock(id)?))?;
    call.memory.write_u64(at, resolution)
}

pub fn clock_time_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    // The host's clocks are as exact as they are, whatever lag the guest would take.
    let (id, _precision, at) = (args.u32(), args.u64(), args.u32());
    let time = now(host_clock(id)?)?;
    call.memory.write_u64(at, time)
}
