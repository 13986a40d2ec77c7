//! Instances as the host makes and uses them.

use super::imports::check_imports;
use super::typed::{TypedFunc, WasmParams, WasmResults};
use crate::compiled::Module;
use crate::error::{Error, Result};
use crate::execution::instantiate::instantiate;
use crate::vm::context::{AsContextMut, StoreContext};
use crate::vm::handle::{Extern, Func, Global, Memory, Table, Tag};
use crate::vm::shared::SharedMemory;

/// An instance of a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance {
    pub(crate) store: u64,
    pub(crate) index: usize,
}

impl Instance {
    /// Instantiates a module with the imports that it asks for, in its order.
    ///
    /// # Errors
    /// Imports of the wrong number or type, memory that the system refuses, segments that do not fit, and whatever ends the
    /// start function.
    pub fn new(
        mut store: impl AsContextMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        check_imports(&store, module, imports)?;
        let core = store.core_mut();
        Ok(Instance {
            index: instantiate(core, module, imports)?,
            store: core.id(),
        })
    }

    /// An export.
    pub fn get_export(&self, mut store: impl AsContextMut, name: &str) -> Option<Extern> {
        let core = store.core_mut();
        core.check_owner(self.store);
        core.instances[self.index].get_export(name, self.store)
    }

    /// All exports, in order.
    pub fn exports(&self, mut store: impl AsContextMut) -> Vec<(String, Extern)> {
        let core = store.core_mut();
        core.check_owner(self.store);
        let instance = &mut core.instances[self.index];
        let info = instance.module.info().clone();
        info.exports
            .iter()
            .map(|export| {
                (
                    export.name.clone(),
                    instance.export(export.item, self.store),
                )
            })
            .collect()
    }

    /// The module.
    pub fn module<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a Module {
        &store.into().0.core.instances[self.index].module
    }

    /// An exported function.
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// An exported function with its type checked.
    ///
    /// # Errors
    /// Where there is none, or one of another type.
    pub fn get_typed_func<Params, Results>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<Params, Results>>
    where
        Params: WasmParams,
        Results: WasmResults,
    {
        let func = self.get_func(&mut store, name);
        func.ok_or_else(|| Error::Type(format!("the module exports no function `{name}`")))?
            .typed(store)
    }

    /// An exported memory.
    pub fn get_memory(&self, store: impl AsContextMut, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// An exported memory that threads share.
    pub fn get_shared_memory(&self, store: impl AsContextMut, name: &str) -> Option<SharedMemory> {
        self.get_export(store, name)?.into_shared_memory()
    }

    /// An exported global.
    pub fn get_global(&self, store: impl AsContextMut, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// An exported tag.
    pub fn get_tag(&self, store: impl AsContextMut, name: &str) -> Option<Tag> {
        self.get_export(store, name)?.into_tag()
    }

    /// An exported table.
    pub fn get_table(&self, store: impl AsContextMut, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }
}
