//! Imports by name.

use super::definition::Definition;
use super::func::untyped;
use super::pre::InstancePre;
use super::undefined::undefined;
use super::{Caller, IntoFunc};
use crate::compiled::Module;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::host::instance::Instance;
use crate::module::types::FuncType;
use crate::vm::context::AsContextMut;
use crate::vm::handle::Extern;
use crate::vm::value::Val;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

/// Definitions that the imports of modules are looked up among.
pub struct Linker<T> {
    engine: Engine,
    definitions: HashMap<(String, String), Definition>,
    data: PhantomData<fn(T)>,
}

impl<T: 'static> Linker<T> {
    /// A linker without definitions.
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker {
            engine: engine.clone(),
            definitions: HashMap::new(),
            data: PhantomData,
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Defines a closure as a host function.
    ///
    /// # Errors
    /// Where the name is defined already.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Self> {
        let (ty, call) = func.into_host_call();
        self.insert(module, name, Definition::Host(ty, Arc::new(call)))
    }

    /// Defines a host function of any type: it gets its arguments, and the results to fill in.
    ///
    /// # Errors
    /// Where the name is defined already.
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        self.insert(
            module,
            name,
            Definition::Host(ty.clone(), Arc::new(untyped(ty, func))),
        )
    }

    /// Defines something of a store.
    ///
    /// # Errors
    /// Where the name is defined already.
    pub fn define(
        &mut self,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self> {
        self.insert(module, name, Definition::Extern(item.into()))
    }

    /// Defines all exports of an instance, as of a module of this name.
    ///
    /// # Errors
    /// Where one of them is defined already.
    pub fn instance(
        &mut self,
        store: impl AsContextMut<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Self> {
        for (name, item) in instance.exports(store) {
            self.define(module, &name, item)?;
        }
        Ok(self)
    }

    /// Defines everything of one module's name under another name too.
    ///
    /// # Errors
    /// Where one of the names is defined already.
    pub fn alias_module(&mut self, module: &str, alias: &str) -> Result<&mut Self> {
        let all: Vec<_> = self
            .definitions
            .iter()
            .filter(|((from, _), _)| from == module)
            .map(|((_, name), definition)| (name.clone(), definition.clone()))
            .collect();
        for (name, definition) in all {
            self.insert(alias, &name, definition)?;
        }
        Ok(self)
    }

    fn insert(&mut self, module: &str, name: &str, definition: Definition) -> Result<&mut Self> {
        match self
            .definitions
            .insert((module.to_owned(), name.to_owned()), definition)
        {
            None => Ok(self),
            Some(_) => Err(link_error(module, name, "it is defined twice")),
        }
    }

    /// Returns true if there is a definition of a name.
    pub(super) fn has(&self, module: &str, name: &str) -> bool {
        let key = (module.to_owned(), name.to_owned());
        self.definitions.contains_key(&key)
    }

    /// A definition, as a thing of a store.
    pub fn get(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        name: &str,
    ) -> Option<Extern> {
        let key = (module.to_owned(), name.to_owned());
        Some(self.definitions.get(&key)?.to_extern(&mut store))
    }

    /// Looks a module's imports up, for many instances of it.
    ///
    /// # Errors
    /// An import that is not defined.
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>> {
        let imports = module.imports().map(|(from, name, ty)| {
            let key = (from.to_owned(), name.to_owned());
            let found = self.definitions.get(&key).cloned();
            found.ok_or_else(|| undefined(from, name, Some(ty)))
        });
        Ok(InstancePre {
            imports: imports.collect::<Result<_>>()?,
            module: module.clone(),
            data: PhantomData,
        })
    }

    /// Instantiates a module with its imports looked up by name.
    ///
    /// # Errors
    /// An import that is not defined, and those of [`Instance::new`].
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance> {
        let mut imports = Vec::new();
        for (from, name, ty) in module.imports() {
            let found = self.get(&mut store, from, name);
            imports.push(found.ok_or_else(|| undefined(from, name, Some(ty)))?);
        }
        Instance::new(store, module, &imports)
    }
}

fn link_error(module: &str, name: &str, reason: &str) -> Error {
    Error::Link {
        module: module.to_owned(),
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}
