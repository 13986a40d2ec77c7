//! Functions as the host calls and defines them.

use super::caller::Caller;
use super::typed::{IntoFunc, TypedFunc, WasmParams, WasmResults};
use crate::error::{Error, Result};
use crate::module::types::FuncType;
use crate::vm::context::{AsContext, AsContextMut};
use crate::vm::handle::Func;
use crate::vm::store::HostCall;
use crate::vm::value::Val;

impl Func {
    /// A host function of any type: it gets its arguments, and the results to fill in.
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        call: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        store
            .core_mut()
            .new_host_func(ty.clone(), untyped(ty, call))
    }

    /// A host function of the type of a closure, which may take a [`Caller`] first.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Func {
        let (ty, call) = func.into_host_call();
        store.core_mut().new_host_func(ty, call)
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        let core = store.core();
        core.check_owner(self.store);
        core.type_of(self.reference)
    }

    /// Calls it.
    ///
    /// # Errors
    /// Arguments or results of other types, and whatever ends the call: a trap, an exit, an error of a host function.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let core = store.core_mut();
        core.check_owner(self.store);
        let ty = core.type_of(self.reference);
        if params.len() != ty.params().len()
            || params
                .iter()
                .zip(ty.params())
                .any(|(value, ty)| !value.is_of(*ty, core))
        {
            let given: Vec<_> = params.iter().map(|value| value.ty().to_string()).collect();
            return Err(Error::Type(format!(
                "a function of type {ty} was called with ({})",
                given.join(", ")
            )));
        }
        if results.len() != ty.results().len() {
            return Err(Error::Type(format!(
                "a function of type {ty} was asked for {} results",
                results.len()
            )));
        }
        let mut slots = vec![0u128; params.len().max(results.len()).max(1)];
        for (slot, value) in slots.iter_mut().zip(params) {
            *slot = value.to_slot(core)?;
        }
        // SAFETY: the slots hold arguments of the function's type.
        unsafe { core.call(self.reference, &mut slots)? };
        for ((result, slot), ty) in results.iter_mut().zip(&slots).zip(ty.results()) {
            // SAFETY: the function wrote results of its type.
            *result = unsafe { Val::from_slot(*slot, *ty, core) };
        }
        Ok(())
    }

    /// The function with its type checked once, for calls with Rust's own values.
    ///
    /// # Errors
    /// Where the function is of another type.
    pub fn typed<Params, Results>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<Params, Results>>
    where
        Params: WasmParams,
        Results: WasmResults,
    {
        TypedFunc::new(*self, &self.ty(store))
    }
}

/// A host function over values → one over slots.
pub(crate) fn untyped<T: 'static>(
    ty: FuncType,
    call: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
) -> HostCall {
    Box::new(move |store, caller, slots| {
        // SAFETY: the store is that of the running guest, and the guest's arguments are of the function's type.
        let load = |(slot, ty): (&u128, &_)| unsafe { Val::from_slot(*slot, *ty, &*store) };
        let params: Vec<Val> = slots.iter().zip(ty.params()).map(load).collect();
        // SAFETY: as above; see `Caller::new`.
        let caller = unsafe { Caller::<T>::new(store, caller) };
        let mut results: Vec<Val> = ty
            .results()
            .iter()
            .map(|ty| Val::default_for(*ty))
            .collect();
        call(caller, &params, &mut results)?;
        // SAFETY: as above; the caller is gone.
        let store = unsafe { &*store };
        for ((slot, value), expected) in slots.iter_mut().zip(results).zip(ty.results()) {
            if !value.is_of(*expected, store) {
                return Err(Error::Type(format!(
                    "a host function of type {ty} returned a value of type {}",
                    value.ty()
                )));
            }
            *slot = value.to_slot(store)?;
        }
        Ok(())
    })
}
