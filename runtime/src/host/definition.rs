//! Definitions of imports: things of one store, or host functions for any.

use crate::module::types::FuncType;
use crate::vm::context::AsContextMut;
use crate::vm::handle::Extern;
use crate::vm::store::HostCall;
use std::sync::Arc;

/// A definition.
#[derive(Clone)]
pub(super) enum Definition {
    /// A thing of one store.
    Extern(Extern),
    /// A host function, for any store.
    Host(FuncType, Arc<HostCall>),
}

impl Definition {
    /// As a thing of a store.
    pub(super) fn to_extern(&self, store: &mut impl AsContextMut) -> Extern {
        match self {
            Definition::Extern(item) => item.clone(),
            Definition::Host(ty, call) => {
                let call = call.clone();
                let call: HostCall =
                    Box::new(move |store, caller, slots| call(store, caller, slots));
                Extern::Func(store.core_mut().new_host_func(ty.clone(), call))
            }
        }
    }
}
