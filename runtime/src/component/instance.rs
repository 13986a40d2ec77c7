//! Instances of components: the steps that their parts name.

use super::compiled::Component;
use super::crossing::Crossings;
use super::definition::Definition;
use super::func::Func;
use super::parts::{Def, Export, Initializer, Item, Parts, Trampoline};
use super::resource::ResourceType;
use super::state::State;
use super::trampoline::host_call;
use crate::error::{Error, Result};
use crate::execution::instantiate::together;
use crate::host::instance::Instance as CoreInstance;
use crate::index::FuncIndex;
use crate::module::types::{GlobalType, Mutability, ValType};
use crate::vm::context::{AsContextMut, StoreContextMut};
use crate::vm::handle::{Extern, Func as CoreFunc};
use crate::vm::store::StoreCore;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An instance of a component.
#[derive(Clone)]
pub struct Instance(Arc<State>);

impl Instance {
    /// An exported function: by its name, or of an exported interface by both names with a `#` between them.
    pub fn get_func(&self, mut store: impl AsContextMut, name: &str) -> Option<Func> {
        let core = store.core_mut();
        core.check_owner(self.0.store);
        let parts = &self.0.parts;
        let Export::Func { def, ty, options } = find(&parts.exports, name)? else {
            return None;
        };
        let func = resolve(core, &self.0, *def)?.into_func()?;
        Some(Func {
            state: self.0.clone(),
            core: func,
            ty: ty.clone(),
            options: *options,
            name: name.into(),
        })
    }
}

fn find<'e>(exports: &'e BTreeMap<String, Export>, name: &str) -> Option<&'e Export> {
    if let Some(found) = exports.get(name) {
        return Some(found);
    }
    let (instance, rest) = name.split_once('#')?;
    match exports.get(instance)? {
        Export::Instance(exports) => find(exports, rest),
        Export::Func { .. } => None,
    }
}

/// Makes an instance, with what the linker found for the imports.
pub(super) fn instantiate<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    imports: Vec<Definition>,
) -> Result<Instance> {
    let parts = component.parts();
    check_kinds(parts, &imports)?;
    let core = store.core_mut();
    let flag = GlobalType {
        content: ValType::I32,
        mutability: Mutability::Var,
    };
    let may_leave = (0..parts.instances)
        .map(|_| core.new_global(flag, 1))
        .collect();
    let state = Arc::new(State::new(core.id(), parts, may_leave));
    for import in &parts.imported_resources {
        if let Definition::Resource(ty, _) = &imports[*import as usize] {
            state.running().resources.push(ty.clone());
        }
    }
    let whole: Arc<dyn Any + Send + Sync> = state.clone();
    let weak = Arc::downgrade(&whole);
    for resource in parts.imported_resources.len()..parts.resources() {
        let ty = ResourceType::guest(weak.clone(), resource as u32);
        state.running().resources.push(ty);
    }
    let trampolines = parts.trampolines.iter().map(|(ty, trampoline)| {
        let call = host_call(&state, trampoline, &imports);
        core.new_host_func(ty.clone(), call)
    });
    let trampolines = trampolines.collect();
    state.running().trampolines = trampolines;
    together(store, |store| {
        let mut steps = parts.initializers.iter();
        steps.try_for_each(|step| run(store, component, &state, step))
    })?;
    Ok(Instance(state))
}

/// Checks that functions are given for functions and resources for resources.
fn check_kinds(parts: &Parts, imports: &[Definition]) -> Result<()> {
    let wrong = |import: u32, what: &str| {
        let names = &parts.imports[import as usize];
        let (name, instance) = names.split_last().expect("an import has a name");
        Error::Link {
            module: instance.join("#"),
            name: name.clone(),
            reason: format!("it wants a {what}, and was given something else"),
        }
    };
    for import in &parts.imported_resources {
        if !matches!(imports[*import as usize], Definition::Resource(..)) {
            return Err(wrong(*import, "resource"));
        }
    }
    for (_, trampoline) in &parts.trampolines {
        if let Trampoline::Lower { import, .. } = trampoline
            && !matches!(imports[*import as usize], Definition::Func(_))
        {
            return Err(wrong(*import, "function"));
        }
    }
    Ok(())
}

fn run<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    state: &Arc<State>,
    step: &Initializer,
) -> Result<()> {
    let missing =
        || Error::Type("the component refers to a core item that is not there".to_owned());
    let core = store.core_mut();
    let func = |core: &mut StoreCore, def: Def| {
        let found = resolve(core, state, def).and_then(Extern::into_func);
        found.ok_or_else(missing)
    };
    match step {
        Initializer::Instantiate { module, imports } => {
            let imports = imports
                .iter()
                .map(|def| resolve(core, state, *def).ok_or_else(missing));
            let imports = imports.collect::<Result<Vec<_>>>()?;
            let adapter = Crossings::of(state, *module);
            let module = &component.modules()[*module as usize];
            let instance = CoreInstance::new(&mut *store, module, &imports)?;
            store.core_mut().instances[instance.index].passed_on = adapter;
            state.running().instances.push(instance.index);
        }
        Initializer::Memory {
            index,
            instance,
            item,
        } => {
            let def = Def::Item {
                instance: *instance,
                item: Item::Memory(*item),
            };
            let memory = resolve(core, state, def).and_then(Extern::into_memory);
            state.running().memories[*index as usize] = Some(memory.ok_or_else(missing)?);
        }
        Initializer::Realloc { index, def } => {
            let realloc = func(core, *def)?;
            state.running().reallocs[*index as usize] = Some(realloc);
        }
        Initializer::PostReturn { index, def } => {
            let post_return = func(core, *def)?;
            state.running().post_returns[*index as usize] = Some(post_return);
        }
        Initializer::Resource {
            resource,
            destructor,
        } => {
            let destructor = destructor.map(|def| func(core, def)).transpose()?;
            state.running().destructors[*resource as usize] = destructor;
        }
    }
    Ok(())
}

/// A core item.
fn resolve(core: &mut StoreCore, state: &State, def: Def) -> Option<Extern> {
    let store = core.id();
    match def {
        Def::Trampoline(index) => state
            .running()
            .trampolines
            .get(index as usize)
            .copied()
            .map(Extern::Func),
        Def::MayLeave(instance) => state
            .running()
            .may_leave
            .get(instance as usize)
            .copied()
            .map(Extern::Global),
        Def::Item { instance, item } => {
            let index = *state.running().instances.get(instance as usize)?;
            let instance = &mut core.instances[index];
            match item {
                Item::Func(index) => {
                    let func = FuncIndex::from_u32(index);
                    let reference = instance.func_ref(func);
                    CoreFunc::from_reference(reference, store).map(Extern::Func)
                }
                Item::Table(index) => instance
                    .tables
                    .get(index as usize)
                    .copied()
                    .map(Extern::Table),
                Item::Memory(index) => instance
                    .memories
                    .get(index as usize)
                    .copied()
                    .map(Extern::Memory),
                Item::Global(index) => instance
                    .globals
                    .get(index as usize)
                    .copied()
                    .map(Extern::Global),
                Item::Tag(index) => instance.tags.get(index as usize).copied().map(Extern::Tag),
            }
        }
    }
}
