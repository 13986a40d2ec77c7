//! Modules whose imports were looked up: they are instantiated again and again without that.

use super::definition::Definition;
use crate::compiled::Module;
use crate::error::Result;
use crate::host::instance::Instance;
use crate::vm::context::AsContextMut;
use std::marker::PhantomData;
use std::sync::Arc;

/// A module with the definitions of its imports ([`Linker::instantiate_pre`](crate::Linker::instantiate_pre)). Clones are the same.
pub struct InstancePre<T: 'static> {
    pub(super) module: Module,
    pub(super) imports: Arc<[Definition]>,
    pub(super) data: PhantomData<fn(T)>,
}

impl<T: 'static> Clone for InstancePre<T> {
    fn clone(&self) -> InstancePre<T> {
        InstancePre {
            module: self.module.clone(),
            imports: self.imports.clone(),
            data: PhantomData,
        }
    }
}

impl<T: 'static> InstancePre<T> {
    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Instantiates the module.
    ///
    /// # Errors
    /// Those of [`Instance::new`].
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let imports = self.imports.iter();
        let imports = imports.map(|it| it.to_extern(&mut store));
        let imports: Vec<_> = imports.collect();
        Instance::new(store, &self.module, &imports)
    }
}
