//! Functions that components export (CanonicalABI.md, `canon lift`).

use super::called;
use super::canonical::Flat;
use super::error::Violation;
use super::lift::Lift;
use super::lower::Lower;
use super::resource::Resource;
use super::state::State;
use super::types::FuncType;
use super::val::Val;
use crate::error::{Error, Result};
use crate::vm::context::AsContextMut;
use crate::vm::handle::Func as CoreFunc;
use crate::vm::store::StoreCore;
use std::sync::Arc;

/// A function that an instance of a component exports.
#[derive(Clone)]
pub struct Func {
    pub(super) state: Arc<State>,
    pub(super) core: CoreFunc,
    pub(super) ty: Arc<FuncType>,
    pub(super) options: u32,
    pub(super) name: Arc<str>,
}

impl Func {
    /// Its type.
    pub fn ty(&self) -> &FuncType {
        &self.ty
    }

    /// Calls it.
    ///
    /// # Errors
    /// Arguments of other types, a wrong number of arguments or results, and whatever ends the call: a trap, an exit, an error of a host
    /// function.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let core = store.core_mut();
        core.check_owner(self.state.store);
        let wanted = (self.ty.params.len(), usize::from(self.ty.result.is_some()));
        if (params.len(), results.len()) != wanted {
            let (given, asked) = (params.len(), results.len());
            return Err(Error::Type(format!(
                "{} was called with {given} arguments and asked for {asked} results",
                self.ty
            )));
        }
        self.state.enter()?;
        let slots = match self.arguments(core, params) {
            Ok(slots) => slots,
            Err(error) => {
                // The host's fault: nothing has been called that the guest would have to be stopped in.
                if let Error::Type(_) = error {
                    self.state.abandon();
                }
                return Err(error);
            }
        };
        let called = self.call_core(core, slots, results);
        called.map_err(|error| self.noted(error, params))?;
        self.state.leave();
        Ok(())
    }

    /// With the call, if it had arguments, where that is what the guest was doing, or what it broke a rule by.
    fn noted(&self, mut error: Error, arguments: &[Val]) -> Error {
        let text = || {
            let text = called::text(&self.name, &self.ty, arguments);
            format!("the host called `{text}`")
        };
        match &mut error {
            _ if arguments.is_empty() => error,
            Error::Trap(trap) => {
                trap.note(text());
                error
            }
            _ => error.noted(text),
        }
    }

    fn arguments(&self, core: &mut StoreCore, params: &[Val]) -> Result<Vec<u128>> {
        let state = &*self.state;
        let options = &state.parts.options[self.options as usize];
        let layout = self.ty.param_tuple;
        let types = self.ty.params.iter().map(|(_, ty)| ty);
        let mut flat = Vec::new();
        let mut lower = Lower {
            core,
            state,
            options,
        };
        lower.values(
            types,
            params,
            layout.flat.is_some(),
            (layout.size, layout.align),
            None,
            &mut flat,
        )?;
        // Room for the result.
        flat.resize(flat.len().max(1), 0);
        Ok(flat.into_iter().map(u128::from).collect())
    }

    fn call_core(
        &self,
        core: &mut StoreCore,
        mut slots: Vec<u128>,
        results: &mut [Val],
    ) -> Result<()> {
        let state = &*self.state;
        let options = &state.parts.options[self.options as usize];
        // SAFETY: validated: the core function is of the type that the lifted one's is lowered to.
        unsafe { core.call(self.core.reference(state.store)?, &mut slots)? };
        let returned = slots[0];
        if let Some(ty) = &self.ty.result {
            let flat = [returned as u64];
            let is_flat = ty.flat().is_some_and(|count| count <= 1);
            let mut lift = Lift::new(core, state, options);
            let values = lift.values(
                [ty].into_iter(),
                &mut Flat(flat.iter()),
                is_flat,
                ty.size(),
                ty.align(),
            );
            let values = values.map_err(|error| {
                error.noted(|| format!("it is in what `{}` returned, of type {ty}", self.name))
            })?;
            results.clone_from_slice(&values);
        }
        state.end_call()?;
        if let Some(post_return) = options.post_return {
            let post_return = state.running().post_returns[post_return as usize];
            let post_return = post_return
                .ok_or_else(|| Violation::error("the post-return function is not there yet"))?;
            let before = state.may_leave(options.instance);
            state.set_may_leave(options.instance, false);
            // SAFETY: validated: it takes what the core function returned, and returns nothing.
            unsafe { core.call(post_return.reference(state.store)?, &mut [returned])? };
            state.set_may_leave(options.instance, before);
        }
        Ok(())
    }
}

impl Resource {
    /// Drops a resource that is owned: what a guest defines is destroyed by the guest.
    ///
    /// # Errors
    /// One that is not owned or was given away before, and whatever ends the destructor.
    pub fn resource_drop(self, mut store: impl AsContextMut) -> Result<()> {
        if !self.give() {
            return Err(Error::Type(
                "the resource is not owned, or was given away before".to_owned(),
            ));
        }
        let Some((definer, resource)) = self.ty().definition() else {
            return Ok(());
        };
        let Ok(state) = definer.downcast::<State>() else {
            unreachable!("instances are told by their states");
        };
        let core = store.core_mut();
        core.check_owner(state.store);
        let destructor = state.running().destructors[resource as usize];
        let Some(destructor) = destructor else {
            return Ok(());
        };
        state.enter()?;
        // SAFETY: validated: a destructor takes an i32 and returns nothing.
        unsafe {
            core.call(
                destructor.reference(state.store)?,
                &mut [u128::from(self.rep())],
            )?;
        };
        state.end_call()?;
        state.leave();
        Ok(())
    }
}
