//! Core functions of the border, which core modules import: host functions, lowered, and what resources need (CanonicalABI.md,
//! `canon lower`, `canon resource.new`, `canon resource.drop`, `canon resource.rep`).

use super::called;
use super::canonical::Flat;
use super::definition::{Definition, Destructor, HostFunc};
use super::fused;
use super::handles::Entry;
use super::lift::Lift;
use super::lower::Lower;
use super::parts::Trampoline;
use super::state::State;
use super::types::{FuncType, Handle};
use super::val::Val;
use crate::error::Result;
use crate::vm::store::{HostCall, StoreCore};
use std::sync::Arc;

/// The host function that a core module is given for a trampoline.
pub(super) fn host_call(
    state: &Arc<State>,
    trampoline: &Trampoline,
    imports: &[Definition],
) -> HostCall {
    let state = state.clone();
    match trampoline {
        Trampoline::Lower {
            import,
            ty,
            options,
        } => {
            let called = Called::new(&state, &imports[*import as usize], *import, ty, *options);
            called.host_call(state)
        }
        Trampoline::ResourceNew(handle) => {
            let handle = *handle;
            Box::new(move |_, _, slots| {
                state.check_may_leave(handle.instance)?;
                let own = Entry::Own {
                    resource: handle.resource,
                    rep: slots[0] as u32,
                    lent: 0,
                };
                slots[0] = u128::from(state.running().handles[handle.instance as usize].add(own)?);
                Ok(())
            })
        }
        Trampoline::ResourceRep(handle) => {
            let handle = *handle;
            Box::new(move |_, _, slots| {
                state.check_may_leave(handle.instance)?;
                let mut running = state.running();
                let entry = running.handles[handle.instance as usize]
                    .get(slots[0] as u32, handle.resource)?;
                let (Entry::Own { rep, .. } | Entry::Borrow { rep, .. }) = entry;
                slots[0] = u128::from(*rep);
                Ok(())
            })
        }
        Trampoline::Fused(fused) => fused::host_call(state, fused),
        Trampoline::ResourceDrop(handle) => {
            let handle = *handle;
            let import = state.parts.imported_resources.get(handle.resource as usize);
            let destructor = import.and_then(|import| match &imports[*import as usize] {
                Definition::Resource(_, destructor) => Some(destructor.clone()),
                Definition::Func(_) => None,
            });
            Box::new(move |store, _, slots| {
                drop_handle(store, &state, handle, destructor.as_ref(), slots[0] as u32)
            })
        }
    }
}

/// An imported function.
struct Called {
    name: String,
    func: HostFunc,
    ty: Arc<FuncType>,
    options: u32,
}

impl Called {
    /// A function that an import is, by its position.
    fn new(
        state: &State,
        definition: &Definition,
        import: u32,
        ty: &Arc<FuncType>,
        options: u32,
    ) -> Called {
        let Definition::Func(func) = definition else {
            unreachable!("checked when the component was linked");
        };
        Called {
            name: state.parts.imports[import as usize].join("#"),
            func: func.clone(),
            ty: ty.clone(),
            options,
        }
    }

    fn host_call(self, state: Arc<State>) -> HostCall {
        Box::new(move |store, _, slots| call_import(store, &state, &self, slots))
    }
}

/// A guest calls a host function.
fn call_import(
    store: *mut StoreCore,
    state: &State,
    called: &Called,
    slots: &mut [u128],
) -> Result<()> {
    let ty = &*called.ty;
    let options = &state.parts.options[called.options as usize];
    state.check_may_leave(options.instance)?;
    state.running().calls.begin();
    let core: Vec<u64> = slots.iter().map(|slot| *slot as u64).collect();
    let mut flat = Flat(core.iter());
    let layout = ty.param_tuple;
    let types = ty.params.iter().map(|(_, ty)| ty);
    // SAFETY: the guest's store is borrowed for the call, and nobody else uses it now.
    let mut lift = Lift::new(unsafe { &*store }, state, options);
    let params = lift.values(
        types,
        &mut flat,
        layout.flat.is_some(),
        layout.size,
        layout.align,
    );
    let params = params.map_err(|error| {
        error.noted_of(&called.name, || {
            as_broken(&called.name, ty, &core, &mut lift)
        })
    })?;
    let mut results = vec![Val::Bool(false); usize::from(ty.result.is_some())];
    let returned = (called.func)(store, &params, &mut results);
    returned
        .map_err(|error| error.noted_of(&called.name, || as_called(&called.name, ty, &params)))?;
    if let Some(ty) = &ty.result {
        let is_flat = ty.flat().is_some_and(|count| count <= 1);
        let to = (!is_flat)
            .then(|| flat.next())
            .transpose()?
            .map(|at| at as u32);
        let mut lowered = Vec::new();
        let mut lower = Lower {
            // SAFETY: as above; the host function is done with it.
            core: unsafe { &mut *store },
            state,
            options,
        };
        lower.values(
            [ty].into_iter(),
            &results,
            is_flat,
            (ty.size(), ty.align()),
            to,
            &mut lowered,
        )?;
        if let Some(value) = lowered.first() {
            slots[0] = u128::from(*value);
        }
    }
    state.end_call()
}

fn as_called(name: &str, ty: &FuncType, arguments: &[Val]) -> String {
    let text = called::text(name, ty, arguments);
    format!("it was called as `{text}`")
}

/// The same of arguments that cannot be read.
fn as_broken(name: &str, ty: &FuncType, core: &[u64], lift: &mut Lift<'_>) -> String {
    lift.look();
    let text = called::text_of_core(name, ty, core, lift);
    format!("it was called as `{text}`")
}

fn drop_handle(
    store: *mut StoreCore,
    state: &State,
    handle: Handle,
    destructor: Option<&Destructor>,
    index: u32,
) -> Result<()> {
    state.check_may_leave(handle.instance)?;
    let mut running = state.running();
    let rep = match running.handles[handle.instance as usize].remove(index, handle.resource)? {
        Entry::Own { rep, .. } => rep,
        Entry::Borrow { call, .. } => {
            running.calls.dropped(call);
            return Ok(());
        }
    };
    let own = running.destructors[handle.resource as usize];
    drop(running);
    if let Some(destructor) = destructor {
        return destructor(store, rep);
    }
    match own {
        // SAFETY: the guest's store is borrowed for the call; validated: a destructor takes an i32 and returns nothing.
        Some(own) => unsafe { (*store).call(own.reference(state.store)?, &mut [u128::from(rep)]) },
        None => Ok(()),
    }
}
