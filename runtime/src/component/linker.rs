//! Imports of components by name.

use super::compiled::{Component, Draft};
use super::definition::Definition;
use super::instance::{Instance, instantiate};
use super::resource::ResourceType;
use super::val::Val;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::vm::context::{AsContextMut, StoreContextMut};
use crate::vm::store::{StoreCore, StoreInner};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

/// Definitions that the imports of components are looked up among. A name with a version stands for all that are compatible with it:
/// `a:b/c@0.2.1` for each 0.2, and `a:b/c@1.2.0` for each 1.
pub struct Linker<T> {
    engine: Engine,
    /// By interface, without the part of its version that does not matter; then by name. Functions and resources that are in no
    /// interface are in one without a name.
    definitions: HashMap<String, HashMap<String, Definition>>,
    data: PhantomData<fn(T)>,
}

/// The definitions of an interface.
pub struct LinkerInstance<'a, T> {
    name: &'a str,
    definitions: &'a mut HashMap<String, Definition>,
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

    /// The definitions that are in no interface.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        self.instance("")
    }

    /// The definitions of an interface.
    pub fn instance<'a>(&'a mut self, name: &'a str) -> LinkerInstance<'a, T> {
        let definitions = self.definitions.entry(compatible(name)).or_default();
        LinkerInstance {
            name,
            definitions,
            data: PhantomData,
        }
    }

    /// Returns true if there is a definition for an import.
    pub fn has(&self, import: &[String]) -> bool {
        self.find(import).is_some()
    }

    /// Returns true if something of an interface is defined.
    pub fn has_instance(&self, name: &str) -> bool {
        self.definitions.contains_key(&compatible(name))
    }

    /// Returns an error for the first import of a component that is not defined: before it is compiled.
    ///
    /// # Errors
    /// As [`Linker::instantiate`]'s for such an import.
    pub fn check(&self, draft: &Draft) -> Result<()> {
        let missing = draft.imports().find(|import| !self.has(import));
        missing.map_or(Ok(()), |import| Err(undefined(import)))
    }

    /// Defines those imports of a component that are not defined, and that `is_wanted` accepts by the names that lead to them: functions
    /// fail when they are called, and say which they are; resources can be named, and nobody has one.
    ///
    /// # Errors
    /// None that an import which is not defined can lead to.
    pub fn define_unknown_imports_as_traps(
        &mut self,
        draft: &Draft,
        is_wanted: impl Fn(&[String]) -> bool,
    ) -> Result<()> {
        for (index, import) in draft.imports().enumerate() {
            let (instance, name) = match import {
                [name] => ("", name),
                [instance, name] => (&**instance, name),
                _ => continue,
            };
            if self.has(import) || !is_wanted(import) {
                continue;
            }
            if draft.is_resource(index) {
                let ty = ResourceType::host();
                self.instance(instance).resource(name, ty, |_, _| Ok(()))?;
                continue;
            }
            let called = format!(
                "the import `{instance}` `{name}` was called: {}",
                why_not(instance)
            );
            self.instance(instance)
                .func_new(name, move |_, _, _| Err(Error::host(called.clone())))?;
        }
        Ok(())
    }

    pub(super) fn find(&self, import: &[String]) -> Option<&Definition> {
        let (instance, name) = match import {
            [name] => ("", name),
            [instance, name] => (&**instance, name),
            // Interfaces in interfaces.
            _ => return None,
        };
        self.definitions.get(&compatible(instance))?.get(name)
    }

    /// Instantiates a component with its imports looked up by name.
    ///
    /// # Errors
    /// An import that is not defined, and whatever ends the start function of a core module.
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance> {
        if !Engine::same(&self.engine, component.engine()) {
            return Err(Error::Type(
                "the component and the linker are of different engines".to_owned(),
            ));
        }
        let find =
            |import: &Vec<String>| self.find(import).cloned().ok_or_else(|| undefined(import));
        let imports = component
            .parts()
            .imports
            .iter()
            .map(find)
            .collect::<Result<Vec<_>>>()?;
        instantiate(&mut store.as_context_mut(), component, imports)
    }
}

impl<T: 'static> LinkerInstance<'_, T> {
    /// Defines a host function: it gets its arguments, and the results to fill in.
    ///
    /// # Errors
    /// Where the name is defined already.
    pub fn func_new(
        &mut self,
        name: &str,
        func: impl Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let func = move |store: *mut StoreCore, params: &[Val], results: &mut [Val]| {
            // SAFETY: the function is called by guests of a Store<T>, for which it was defined, and which is borrowed for the call; its
            // core is the first field.
            let store = unsafe { &mut *store.cast::<StoreInner<T>>() };
            func(StoreContextMut(store), params, results)
        };
        self.insert(name, Definition::Func(Arc::new(func)))
    }

    /// Defines a resource. The function is called with what the host knows a resource by, when nobody has it any more.
    ///
    /// # Errors
    /// Where the name is defined already.
    pub fn resource(
        &mut self,
        name: &str,
        ty: ResourceType,
        destructor: impl Fn(StoreContextMut<'_, T>, u32) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let destructor = move |store: *mut StoreCore, rep| {
            // SAFETY: as in `func_new`.
            let store = unsafe { &mut *store.cast::<StoreInner<T>>() };
            destructor(StoreContextMut(store), rep)
        };
        self.insert(name, Definition::Resource(ty, Arc::new(destructor)))
    }

    fn insert(&mut self, name: &str, definition: Definition) -> Result<&mut Self> {
        match self.definitions.insert(name.to_owned(), definition) {
            None => Ok(self),
            Some(_) => Err(Error::Link {
                module: self.name.to_owned(),
                name: name.to_owned(),
                reason: "it is defined twice".to_owned(),
            }),
        }
    }
}

/// The name of an interface with as much of its version as compatible ones share (Semantic Versioning 2.0.0).
fn compatible(name: &str) -> String {
    let Some((interface, version)) = name.split_once('@') else {
        return name.to_owned();
    };
    // What has a label before the release is compatible with itself alone.
    if version.contains('-') {
        return name.to_owned();
    }
    let numbers = version.split('+').next().unwrap_or(version);
    let mut numbers = numbers.split('.');
    let shared = match (numbers.next(), numbers.next()) {
        (Some("0"), Some("0")) | (_, None) => return name.to_owned(),
        (Some("0"), Some(minor)) => format!("0.{minor}"),
        (Some(major), _) => major.to_owned(),
        (None, _) => return name.to_owned(),
    };
    format!("{interface}@{shared}")
}

/// The error of an import that nothing is defined for.
fn undefined(import: &[String]) -> Error {
    let (name, instance) = import
        .split_last()
        .map_or(("", &[][..]), |(name, rest)| (&**name, rest));
    let instance = instance.join("#");
    let reason = why_not(&instance).to_owned();
    Error::Link {
        module: instance,
        name: name.to_owned(),
        reason,
    }
}

/// The reason why nothing of an interface is defined.
fn why_not(instance: &str) -> &'static str {
    match instance.split(['/', '@']).next() {
        Some(package) if package.starts_with("wasi:") && instance.contains("@0.3") => {
            "WASI 0.3 is not supported: build the program for WASI 0.2 (wasm32-wasip2)"
        }
        Some("wasi:http") => "a program that answers HTTP is run by `dwalin serve`",
        _ => "nothing of this name is defined",
    }
}

#[cfg(test)]
mod tests {
    use super::compatible;

    #[test]
    fn compatible_versions_have_one_name() {
        let same = |a, b| compatible(a) == compatible(b);
        assert!(same("wasi:io/streams@0.2.0", "wasi:io/streams@0.2.12"));
        assert!(same("a:b/c@1.0.0", "a:b/c@1.9.3+build"));
        assert!(!same("a:b/c@1.0.0", "a:b/c@2.0.0"));
        assert!(!same("wasi:io/streams@0.2.0", "wasi:io/streams@0.3.0"));
        assert!(!same("a:b/c@0.0.1", "a:b/c@0.0.2"));
        assert!(!same("a:b/c@0.2.0-rc-1", "a:b/c@0.2.0"));
        assert!(!same("a:b/c", "a:b/d"));
    }
}
