//! Functions and resources of WASI 0.2, as linkers have them.

use super::args::{Args, wrong};
use super::call::{Call, Function, Interface, Types};
use super::http::body::check_droppable;
use super::{cli, clocks, filesystem, poll, random, sockets, streams};
use crate::component::linker::Linker;
use crate::component::resource::ResourceType;
use crate::component::val::Val;
use crate::error::Result;
use crate::host::wasi::WasiCtx;
use crate::vm::context::{AsContextMut, StoreContextMut};
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

/// Defines all but `wasi:http`; the types of resources.
pub(super) fn define<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<Arc<Types>> {
    let types = Arc::new(Types::new());
    for interfaces in INTERFACES {
        define_functions(linker, ctx, &types, interfaces)?;
    }
    define_resources(linker, ctx, types.names(), &types)?;
    Ok(types)
}

pub(super) fn define_functions<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
    types: &Arc<Types>,
    interfaces: &[Interface],
) -> Result<()> {
    for interface in interfaces {
        let name = format!("{}@{VERSION}", interface.name);
        let mut instance = linker.instance(&name);
        for (name, function) in interface.functions {
            let (types, function) = (types.clone(), *function);
            instance.func_new(name, move |store, params, results| {
                perform(store, ctx, &types, function, params, results)
            })?;
        }
    }
    Ok(())
}

/// Defines types of resources, by interface and name.
pub(super) fn define_resources<T: 'static, const N: usize>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
    names: [(&str, &str, &ResourceType); N],
    types: &Arc<Types>,
) -> Result<()> {
    for (interface, name, ty) in names {
        let is_descriptor = *ty == types.descriptor;
        let interface = format!("{interface}@{VERSION}");
        let types = types.clone();
        let destructor = move |mut store: StoreContextMut<'_, T>, rep| {
            let mut ctx = ctx(store.data_mut()).enter();
            if is_descriptor {
                // It is there unless the host closed it.
                let _ = ctx.descriptors.close(rep);
                return Ok(());
            }
            let types = &types;
            check_droppable(
                &Call {
                    ctx: &mut ctx,
                    types,
                },
                rep,
            )?;
            let owned = ctx.handles.remove(rep);
            if let Some(fd) = owned.and_then(|entry| entry.descriptor()) {
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
