//! Imports that a linker has nothing for, before a module is compiled, and definitions that may stand for them.

use super::linker::Linker;
use super::undefined::{Undefined, UnknownImport};
use crate::compiled::Module;
use crate::error::{Error, Result};
use crate::module::section_types::val_type;
use crate::module::sections::{Sections, items};
use crate::module::types::{ExternType, FuncType};
use crate::outline::Input;
use crate::vm::context::AsContextMut;
use crate::vm::handle::Extern;
use crate::vm::handle::Global;
use crate::vm::handle::Memory;
use crate::vm::handle::Table;
use crate::vm::handle::Tag;
use crate::vm::shared::SharedMemory;
use crate::vm::value::Val;
use wasmparser::TypeRef;

impl<T: 'static> Linker<T> {
    /// The imports of a module that have no definition here: without compiling or validating it. Of a module that is damaged, those
    /// before the damage.
    pub fn undefined(&self, input: &Input<'_>) -> Vec<Undefined> {
        let sections = Sections::find_before_code(&input.wasm);
        let groups = items(&sections.types).map_while(|it| it.ok());
        let types: Vec<_> = groups.flat_map(|group| group.into_types()).collect();
        let mut found = Vec::new();
        for import in sections.imports().map_while(|it| it.ok()) {
            if self.has(import.module, import.name) {
                continue;
            }
            let ty = match import.ty {
                TypeRef::Func(ty) | TypeRef::FuncExact(ty) => Some(ty),
                _ => None,
            };
            found.push(Undefined {
                module: import.module.to_owned(),
                name: import.name.to_owned(),
                ty: ty.and_then(|ty| func_type(types.get(ty as usize)?)),
                is_function: ty.is_some(),
                is_shared_memory: matches!(import.ty, TypeRef::Memory(ty) if ty.shared),
            });
        }
        found
    }

    /// Defines functions that a module imports and that have no definition: they fail with [`UnknownImport`] when they are called.
    ///
    /// # Errors
    /// None that is expected.
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<()> {
        self.define_unknown_functions(module, |unknown, _| Err(Error::host(unknown.clone())))
    }

    /// Defines what a module imports and what has no definition: functions that return zeros, and memories, tables and globals of zeros.
    ///
    /// # Errors
    /// Where a memory or table cannot be made.
    pub fn define_unknown_imports_as_default_values(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<()> {
        self.define_unknown_functions(module, |_, results| {
            for result in results {
                *result = Val::default_for(result.ty());
            }
            Ok(())
        })?;
        for (from, name, ty) in module.imports() {
            if self.has(from, name) {
                continue;
            }
            let item: Extern = match ty {
                ExternType::Func(_) => continue,
                ExternType::Global(ty) => {
                    Global::new(&mut store, *ty, Val::default_for(ty.content))?.into()
                }
                ExternType::Table(ty) => {
                    let element = Val::default_for(ty.element);
                    Table::new(&mut store, *ty, element)?.into()
                }
                ExternType::Memory(ty) if ty.shared => {
                    SharedMemory::new(store.as_context_mut().0.core.engine(), *ty)?.into()
                }
                ExternType::Memory(ty) => Memory::new(&mut store, *ty)?.into(),
                ExternType::Tag(ty) => Tag::new(&mut store, ty.clone())?.into(),
            };
            self.define(from, name, item)?;
        }
        Ok(())
    }

    fn define_unknown_functions(
        &mut self,
        module: &Module,
        call: impl Fn(&UnknownImport, &mut [Val]) -> Result<()> + Copy + Send + Sync + 'static,
    ) -> Result<()> {
        for (from, name, ty) in module.imports() {
            let ExternType::Func(ty) = ty else { continue };
            if self.has(from, name) {
                continue;
            }
            let unknown = UnknownImport {
                module: from.to_owned(),
                name: name.to_owned(),
            };
            self.func_new(from, name, ty.clone(), move |_, _, results| {
                call(&unknown, results)
            })?;
        }
        Ok(())
    }
}

fn func_type(ty: &wasmparser::SubType) -> Option<FuncType> {
    let wasmparser::CompositeInnerType::Func(ty) = &ty.composite_type.inner else {
        return None;
    };
    let list = |types: &[wasmparser::ValType]| {
        let types = types.iter().map(|ty| val_type(*ty).ok());
        types.collect::<Option<Vec<_>>>()
    };
    Some(FuncType::new(list(ty.params())?, list(ty.results())?))
}
