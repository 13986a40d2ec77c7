//! Arguments and environment: an array of pointers, and the strings behind each other in a buffer.

use super::functions::{Args, Call};
use super::{Done, Errno};

fn sizes(call: &mut Call<'_, '_>, args: &mut Args<'_>, strings: &[String]) -> Done {
    let bytes: usize = strings.iter().map(|string| string.len() + 1).sum();
    call.memory.write_u32(args.u32(), strings.len() as u32)?;
    Ok(call.memory.write_u32(
        args.u32(),
        u32::try_from(bytes).map_err(|_| Errno::Overflow)?,
    )?)
}

fn get(call: &mut Call<'_, '_>, args: &mut Args<'_>, strings: &[String]) -> Done {
    let (mut pointers, mut buffer) = (args.u32(), args.u32());
    for string in strings {
        call.memory.write_u32(pointers, buffer)?;
        call.memory.write(buffer, string.as_bytes())?;
        let end = buffer
            .checked_add(string.len() as u32)
            .ok_or(Errno::Fault)?;
        call.memory.write(end, &[0])?;
        (pointers, buffer) = (pointers.wrapping_add(4), end.wrapping_add(1));
    }
    Ok(())
}

pub fn args_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let strings = call.ctx.args.clone();
    get(call, args, &strings)
}

pub fn args_sizes_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let strings = call.ctx.args.clone();
    sizes(call, args, &strings)
}

pub fn environ_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let strings = call.ctx.env.clone();
    get(call, args, &strings)
}

pub fn environ_sizes_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let strings = call.ctx.env.clone();
    sizes(call, args, &strings)
}
