//! Functions that tables and references hold, for those who look only.

use super::handle::Table;
use super::store::StoreCore;
use crate::abi::layout::VmFuncRef;
use crate::compiled::Module;
use crate::index::FuncIndex;
use crate::module::types::FuncType;
use dwalin_debuginfo::demangle;
use std::ptr;

/// A function that something refers to.
pub(crate) struct Callee {
    /// Its name, demangled.
    pub(crate) name: String,
    /// Its type.
    pub(crate) ty: FuncType,
}

impl Callee {
    fn of_module(module: &Module, func: FuncIndex) -> Option<Callee> {
        Some(Callee {
            name: demangle(module.artifact().function_name(func)).into_owned(),
            ty: module.info().func_type(func).clone(),
        })
    }

    fn of_reference(store: &StoreCore, reference: *mut VmFuncRef) -> Option<Callee> {
        if reference.is_null() {
            return None;
        }
        // SAFETY: references live as long as their store.
        let code = unsafe { (*reference).code } as usize;
        let found = store.instances.iter().find_map(|instance| {
            let (func, _) = instance.code.wasm_pc(code)?;
            Callee::of_module(&instance.module, instance.module.info().func_index(func))
        });
        found.or_else(|| {
            Some(Callee {
                name: "a host function".to_owned(),
                ty: store.type_of(reference),
            })
        })
    }
}

impl StoreCore {
    /// The name of the function that a word refers to, which may be any: nothing is read at it before it is known.
    pub(crate) fn function_name(&self, word: u64) -> Option<String> {
        let reference = word as usize as *mut VmFuncRef;
        let mut hosts = self.host_funcs.iter();
        let is_known = hosts.any(|host| ptr::eq(&raw const host.reference, reference))
            || self.instances.iter().any(|it| it.has_reference(reference));
        is_known
            .then(|| Callee::of_reference(self, reference))?
            .map(|callee| callee.name)
    }

    /// The function that a table's element holds, as it is: nothing is given its first value.
    pub(crate) fn peek_function(&self, table: Table, index: u64) -> Option<Callee> {
        self.table(table).raw(index)?;
        match self.table(table).get(index) {
            None => self.instances.iter().find_map(|instance| {
                Callee::of_module(&instance.module, instance.lazy_func(table, index)?)
            }),
            Some(reference) => Callee::of_reference(self, reference as *mut VmFuncRef),
        }
    }
}
