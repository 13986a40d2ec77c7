//! WASI 0.2 (`wasi:cli/command`): what WASI preview 1 does, by the names and types of components.
//!
//! ```text
//! trampoline ─[Val]→ INTERFACES ─numbers, a memory of its own→ host::wasi, preview 1 → Descriptors → cap_std, rustix
//! ```
//!
//! A descriptor is known by its number of preview 1; streams, pollables and errors by numbers of a table of their own (`host/wasi/handles.rs`).
//! All calls are synchronous, and nothing is buffered, as in preview 1.

mod args;
mod call;
mod cli;
mod clocks;
mod files;
mod filesystem;
mod names;
mod poll;
mod preview1;
mod random;
mod sockets;
mod streams;

use super::linker::Linker;
use super::val::Val;
use crate::error::Result;
use crate::host::wasi::WasiCtx;
use crate::vm::context::{AsContextMut, StoreContextMut};
use args::{Args, wrong};
use call::{Call, Function, Interface, Types};
use std::sync::Arc;

/// The version that the names of this file are of: a program for any other 0.2 is linked too.
const VERSION: &str = "0.2.12";

const INTERFACES: &[&[Interface]] = &[
    cli::INTERFACES,
    clocks::INTERFACES,
    random::INTERFACES,
    poll::INTERFACES,
    streams::INTERFACES,
    filesystem::INTERFACES,
    sockets::INTERFACES,
    sockets::PROTOCOLS,
];

/// Defines WASI 0.2 for components in stores whose data holds a [`WasiCtx`].
///
/// # Errors
/// Where one of the names is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    let types = Arc::new(Types::new());
    for interface in INTERFACES.iter().copied().flatten() {
        let name = format!("{}@{VERSION}", interface.name);
        let mut instance = linker.instance(&name);
        for (name, function) in interface.functions {
            let (types, function) = (types.clone(), *function);
            instance.func_new(name, move |store, params, results| {
                perform(store, ctx, &types, function, params, results)
            })?;
        }
    }
    for (interface, name, ty) in types.names() {
        let is_descriptor = *ty == types.descriptor;
        let interface = format!("{interface}@{VERSION}");
        let destructor = move |mut store: StoreContextMut<'_, T>, rep| {
            let mut ctx = ctx(store.data_mut()).enter();
            let owned = match is_descriptor {
                true => Some(rep),
                false => ctx.handles.remove(rep).and_then(|entry| entry.descriptor()),
            };
            if let Some(fd) = owned {
                // It is there unless the host closed it.
                let _ = ctx.descriptors.close(fd);
            }
            Ok(())
        };
        linker
            .instance(&interface)
            .resource(name, ty.clone(), destructor)?;
    }
    Ok(())
}

/// Calls a function.
fn perform<T: 'static>(
    mut store: StoreContextMut<'_, T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx,
    types: &Types,
    function: Function,
    params: &[Val],
    results: &mut [Val],
) -> Result<()> {
    let mut ctx = ctx(store.data_mut()).enter();
    let mut call = Call {
        ctx: &mut ctx,
        types,
    };
    let result = function(&mut call, &mut Args::new(params));
    let written = std::mem::take(&mut ctx.to_stderr);
    drop(ctx);
    if !written.is_empty() {
        store.core_mut().stderr.push(&written);
    }
    match (results, result?) {
        ([], None) => Ok(()),
        ([to], Some(value)) => {
            *to = value;
            Ok(())
        }
        _ => Err(wrong()),
    }
}
