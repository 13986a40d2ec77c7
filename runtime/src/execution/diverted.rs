//! Imports that a function calls which a debugger has called in a replay: the recording has nothing of it. Output is written, and all else of
//! WASI fails as what the host does not have; other imports end the function.

use super::streams::write_out;
use crate::error::{Error, Result};
use crate::module::types::ValType;
use crate::record::Failure;
use crate::vm::store::{HostFunc, StoreCore};

const WASI: &str = "wasi_snapshot_preview1.";
/// `errno` of WASI.
const SUCCESS: u128 = 0;
const INVAL: u128 = 28;
const NOSYS: u128 = 52;
/// The type of descriptors of terminals: a C library then writes line by line.
const CHARACTER_DEVICE: u8 = 2;
/// Bytes of WASI's `fdstat`.
const FDSTAT: usize = 24;
/// The most bytes, and pieces of them, that one call writes.
const MOST_BYTES: usize = 1 << 20;
const MOST_PIECES: u32 = 1024;

/// Answers a call.
///
/// # Errors
/// An import that has no result to say that it failed.
pub(super) fn call(
    core: &mut StoreCore,
    func: &HostFunc,
    function: u32,
    slots: &mut [u128],
) -> Result<()> {
    let session = core.session.as_mut();
    let session = session.expect("asked for in a run with a recording");
    let name = session.name(function).to_owned();
    let wasi = name.strip_prefix(WASI);
    let arg = |at: usize| slots.get(at).map_or(0, |it| *it as u32);
    let (fd, args) = (arg(0), [arg(1), arg(2), arg(3)]);
    let answer = match wasi {
        Some("fd_write") if matches!(fd, 1 | 2) => write(core, fd as u8, args),
        Some("fd_fdstat_get") if fd <= 2 => describe(core, args[0]),
        // Of preview 1's functions, `proc_exit` alone does not return.
        Some(_) if func.ty.results() == [ValType::I32] => {
            session.refuse(function, true);
            Some(NOSYS)
        }
        _ => {
            session.refuse(function, false);
            return Err(Error::host(Failure::Diverted));
        }
    };
    slots[0] = answer.unwrap_or(INVAL);
    Ok(())
}

/// `fd_write`: writes pieces of memory to a standard stream. `None` for addresses outside of memory.
fn write(core: &mut StoreCore, stream: u8, [pieces, count, result]: [u32; 3]) -> Option<u128> {
    if count > MOST_PIECES {
        return None;
    }
    let mut text = Vec::new();
    for piece in 0..count {
        let at = pieces.checked_add(8 * piece)?;
        let (start, len) = (word(core, at)?, word(core, at.checked_add(4)?)?);
        let room = MOST_BYTES - text.len();
        text.extend(bytes(core, start, (len as usize).min(room))?);
    }
    write_out(stream, &text);
    set(core, result, &(text.len() as u32).to_le_bytes())?;
    Some(SUCCESS)
}

/// `fd_fdstat_get` of a standard stream: it is a terminal.
fn describe(core: &mut StoreCore, at: u32) -> Option<u128> {
    let mut stat = [0; FDSTAT];
    stat[0] = CHARACTER_DEVICE;
    set(core, at, &stat)?;
    Some(SUCCESS)
}

fn bytes(core: &StoreCore, at: u32, len: usize) -> Option<Vec<u8>> {
    let memory = *core.instances.last()?.memories.first()?;
    // SAFETY: the store is borrowed, and the guest waits; a shared memory has been refused.
    let all = unsafe { &*core.memory(memory).bytes() };
    let end = (at as usize).checked_add(len)?;
    Some(all.get(at as usize..end)?.to_vec())
}

fn word(core: &StoreCore, at: u32) -> Option<u32> {
    let bytes = bytes(core, at, 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn set(core: &mut StoreCore, at: u32, bytes: &[u8]) -> Option<()> {
    let memory = *core.instances.last()?.memories.first()?;
    core.memory(memory).write(at as usize, bytes)
}
