//! The functions as definitions of a linker.

use super::{FUNCTIONS, Function, GuestMemory, Outcome, Param, UNSTABLE_FUNCTIONS, WasiCtx};
use crate::error::{Error, Result};
use crate::host::{Caller, Linker};
use crate::module::types::{FuncType, ValType};
use crate::vm::handle::Extern;
use crate::vm::value::Val;

/// Defines WASI preview 1 and its predecessor for guests of stores whose data holds a [`WasiCtx`].
///
/// # Errors
/// Where one of the functions is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    let both = [
        ("wasi_snapshot_preview1", FUNCTIONS),
        ("wasi_unstable", UNSTABLE_FUNCTIONS),
    ];
    for (module, functions) in both {
        for function in functions {
            let call = move |caller: Caller<'_, T>, args: &[Val], results: &mut [Val]| {
                let errno = call(caller, function, args, ctx)?;
                if let [result] = results {
                    *result = Val::I32(errno);
                }
                Ok(())
            };
            linker.func_new(module, function.name, func_type(function), call)?;
        }
    }
    Ok(())
}

fn func_type(function: &Function) -> FuncType {
    let params = function.params.iter().map(|param| match param {
        Param::I32 => ValType::I32,
        Param::I64 => ValType::I64,
    });
    FuncType::new(params, function.has_result.then_some(ValType::I32))
}

fn call<T: 'static>(
    mut caller: Caller<'_, T>,
    function: &Function,
    args: &[Val],
    ctx: impl Fn(&mut T) -> &mut WasiCtx,
) -> Result<i32> {
    let values: Vec<u64> = args
        .iter()
        .map(|value| match value {
            Val::I32(value) => u64::from(*value as u32),
            Val::I64(value) => *value as u64,
            _ => unreachable!("WASI functions take integers"),
        })
        .collect();
    let outcome = match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => {
            let is_recorded = caller.is_recorded();
            let (bytes, data) = caller.memory_and_data(memory);
            let mut guest = GuestMemory::new(bytes).keeping_writes(is_recorded);
            let mut entered = ctx(data).enter();
            entered.outputs = is_recorded.then(Vec::new);
            let outcome = (function.call)(&mut entered, &mut guest, &values);
            drop(entered);
            let writes = guest.into_writes();
            let outputs = ctx(caller.data_mut()).outputs.take();
            caller.note_writes(memory, &writes);
            for (stream, bytes) in outputs.into_iter().flatten() {
                caller.note_output(stream, bytes);
            }
            outcome
        }
        Some(Extern::SharedMemory(memory)) => {
            let mut ctx = ctx(caller.data_mut()).enter();
            (function.call)(&mut ctx, &mut GuestMemory::shared(&memory.0), &values)
        }
        _ => {
            return Err(Error::host(format!(
                "{} needs the module to export its memory as `memory`",
                function.name
            )));
        }
    };
    let written = std::mem::take(&mut ctx(caller.data_mut()).to_stderr);
    if !written.is_empty() {
        caller.note_stderr(&written);
    }
    match outcome {
        Outcome::Errno(errno) => Ok(errno as i32),
        Outcome::Exit(code) => Err(Error::Exit(code)),
    }
}
