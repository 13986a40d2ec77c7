//! The functions as definitions of a linker.

use super::functions::{Args, Call, FUNCTIONS, Function};
use super::memory::GuestMemory;
use super::{Failure, Snapshot, WasiCtx};
use crate::error::{Error, Result};
use crate::host::{Caller, Linker};
use crate::module::types::{FuncType, ValType};
use crate::vm::instance::Extern;
use crate::vm::value::Val;

/// Defines WASI preview 1 and its predecessor for guests of stores whose data holds a [`WasiCtx`].
///
/// # Errors
/// Where one of the functions is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    for (module, snapshot) in [
        ("wasi_snapshot_preview1", Snapshot::Preview1),
        ("wasi_unstable", Snapshot::Unstable),
    ] {
        for function in FUNCTIONS {
            let call = move |caller: Caller<'_, T>, args: &[Val], results: &mut [Val]| {
                let errno = call(caller, function, snapshot, args, ctx)?;
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
    let params = function.params.chars().map(|kind| {
        if kind == 'I' {
            ValType::I64
        } else {
            ValType::I32
        }
    });
    // The one that does not return.
    let results = if function.name == "proc_exit" {
        None
    } else {
        Some(ValType::I32)
    };
    FuncType::new(params, results)
}

fn call<T: 'static>(
    mut caller: Caller<'_, T>,
    function: &Function,
    snapshot: Snapshot,
    args: &[Val],
    ctx: impl Fn(&mut T) -> &mut WasiCtx,
) -> Result<i32> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(Error::host(format!(
            "{} needs the module to export its memory as `memory`",
            function.name
        )));
    };
    let values: Vec<u64> = args
        .iter()
        .map(|value| match value {
            Val::I32(value) => u64::from(*value as u32),
            Val::I64(value) => *value as u64,
            _ => unreachable!("WASI functions take integers"),
        })
        .collect();
    let (bytes, data) = caller.memory_and_data(memory);
    let mut call = Call {
        ctx: ctx(data),
        memory: &mut GuestMemory::new(bytes),
        snapshot,
    };
    match (function.call)(&mut call, &mut Args::new(&values)) {
        Ok(()) => Ok(0),
        Err(Failure::Errno(errno)) => Ok(errno as i32),
        Err(Failure::Exit(code)) => Err(Error::Exit(code)),
    }
}
