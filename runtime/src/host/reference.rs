//! Objects of the host that guests can hold.

use crate::vm::context::{AsContextMut, StoreContext};
use crate::vm::handle::ExternRef;
use std::any::Any;

impl ExternRef {
    /// Gives an object to a store, so that guests can hold it.
    pub fn new(mut store: impl AsContextMut, object: impl Any + Send + Sync) -> ExternRef {
        store.core_mut().new_extern_ref(Box::new(object))
    }

    /// Says that the host uses this reference no longer, nor a copy of it: the object goes with the next collection that finds none of a guest's.
    /// What is behind the reference is nothing then. A guest that passes it to the host again makes it the host's again.
    pub fn release(self, mut store: impl AsContextMut) {
        let core = store.core_mut();
        core.check_owner(self.store);
        core.set_hosts(self.word, false);
    }

    /// The object.
    pub fn data<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> &'a (dyn Any + Send + Sync) {
        let core = &store.into().0.core;
        core.check_owner(self.store);
        core.extern_ref(*self)
    }
}
