//! Arguments and environment: an array of pointers to strings that stand one after another, each ended by a zero byte.

use super::call::{Args, Call, Done};
use super::errno::Errno;
use super::memory::GuestMemory;

pub fn args_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    get(&call.ctx.args, call.memory, args.u32(), args.u32())
}

pub fn args_sizes_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    sizes(&call.ctx.args, call.memory, args.u32(), args.u32())
}

pub fn environ_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    get(&call.ctx.environment, call.memory, args.u32(), args.u32())
}

pub fn environ_sizes_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    sizes(&call.ctx.environment, call.memory, args.u32(), args.u32())
}

fn sizes(strings: &[String], memory: &mut GuestMemory<'_>, count_at: u32, size_at: u32) -> Done {
    let size: usize = strings.iter().map(|string| string.len() + 1).sum();
    memory.write_u32(
        count_at,
        u32::try_from(strings.len()).map_err(|_| Errno::Overflow)?,
    )?;
    memory.write_u32(size_at, u32::try_from(size).map_err(|_| Errno::Overflow)?)
}

fn get(
    strings: &[String],
    memory: &mut GuestMemory<'_>,
    mut pointer_at: u32,
    mut string_at: u32,
) -> Done {
    for string in strings {
        memory.write_u32(pointer_at, string_at)?;
        memory.write(string_at, string.as_bytes())?;
        pointer_at = pointer_at.checked_add(4).ok_or(Errno::Fault)?;
        // The write above proves that the string ends inside the memory, so below 2^32 or at it.
        string_at = string_at
            .checked_add(string.len() as u32)
            .ok_or(Errno::Fault)?;
        memory.write(string_at, &[0])?;
        string_at = string_at.checked_add(1).ok_or(Errno::Fault)?;
    }
    Ok(())
}
