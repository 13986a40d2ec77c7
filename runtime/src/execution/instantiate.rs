//! Instantiation: what the module defines is made, segments are applied, it is described to debuggers, the start function is called
//! (WebAssembly 2.0, section 4.5.4).

use super::builtins;
use super::forwards;
use super::recorded;
use super::segments::{apply_data, apply_elements, init_trap};
use crate::abi::frame::value_type;
use crate::abi::layout::{GlobalLocation, VmContextHead, VmFuncRef, VmMemoryRef, VmTable};
use crate::abi::trap::TrapKind;
use crate::abi::word::Word;
use crate::code::pointers::PointerFunctions;
use crate::compiled::Module;
use crate::config::ImageReader;
use crate::describe::cached_image::CachedImage;
use crate::describe::image;
use crate::describe::placement::Placement;
use crate::describe::places::Places;
use crate::describe::shown::Shown;
use crate::error::{Error, Result};
use crate::index::*;
use crate::module::ModuleInfo;
use crate::module::init::ConstExpr;
use crate::module::names::tag_name;
#[cfg(feature = "component-model")]
use crate::vm::context::AsContextMut;
use crate::vm::handle::{Extern, Global, Memory};
use crate::vm::instance::{ContextWords, InstanceData, Ways};
use crate::vm::shared::SharedMemory;
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::WarningKind;
use dwalin_debuginfo::address::HostAddress;
use dwalin_debuginfo::code::{
    ContextMark, DWARF_MEMORY, Forward, GlobalAddress, GlobalPlace, HeapPlace, MemoryPlace,
};
use std::mem::offset_of;
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// Instantiates a module with imports that were checked; the instance's place in the store.
///
/// # Errors
/// See [`crate::Instance::new`].
pub fn instantiate(core: &mut StoreCore, module: &Module, imports: &[Extern]) -> Result<usize> {
    core.check_new_instance()?;
    let config = core.engine().config();
    let reader = config.settings().debug_info.then(|| config.image_reader());
    let image = reader
        .and_then(|reader| CachedImage::new(config, module.artifact(), module.name(), reader));
    let placement = image.as_ref().and_then(|it| it.placement);
    reserve_heap(core, module.info())?;
    let instance = build(core, module, imports, placement)?;
    if core.session.is_some() {
        recorded::check(core, &instance, imports)?;
    }
    let code = instance.code.clone();
    let index = core.instances.len();
    core.instances.push(instance);
    // Not before: the store keeps the code from now on, and nothing can fail in between.
    core.add_trampolines(module, |ty| code.wasm_to_array(ty));
    apply_elements(core, index)?;
    apply_data(core, index)?;
    // Now variables have their first values: a debugger that is told may watch them.
    if let Some(reader) = reader.filter(|_| core.instances[index].shown.is_none()) {
        let ways = forwards::ways(module);
        match &mut core.held_back {
            Some(held_back) if forwards::are_late(&ways) => held_back.push((index, ways)),
            _ => describe_to_debugger(core, index, &ways, reader, image),
        }
        describe_held_back(core, reader, forwards::are_there);
    }
    recorded::begin(core)?;
    if let Some(start) = module.info().start {
        let reference = core.instances[index].func_ref(start);
        // SAFETY: a start function has no parameters and no results.
        unsafe { core.call(reference, &mut [0])? };
    }
    Ok(index)
}

/// Describes those of the instances that were held back that are ready.
fn describe_held_back(
    core: &mut StoreCore,
    reader: ImageReader,
    is_ready: impl Fn(&mut StoreCore, usize, &Ways) -> bool,
) {
    let held_back = core.held_back.take();
    let rest = held_back.map(|all| {
        let mut rest = all;
        rest.retain(|(index, ways)| {
            let is_ready = is_ready(core, *index, ways);
            if is_ready {
                describe_to_debugger(core, *index, ways, reader, None);
            }
            !is_ready
        });
        rest
    });
    core.held_back = rest;
}

/// Instantiates several modules that need each other: what debuggers are told of one may be known with a later one.
///
/// # Errors
/// Those of `instantiate_all`.
#[cfg(feature = "component-model")]
pub fn together<C: AsContextMut, T>(
    store: &mut C,
    instantiate_all: impl FnOnce(&mut C) -> Result<T>,
) -> Result<T> {
    let outer = store.core_mut().held_back.replace(Vec::new());
    let result = instantiate_all(store);
    let core = store.core_mut();
    let reader = core.engine().config().image_reader();
    describe_held_back(core, reader, |_, _, _| true);
    core.held_back = outer;
    result
}

/// Makes an instance with all that it owns, before segments and the start function.
fn build(
    core: &mut StoreCore,
    module: &Module,
    imports: &[Extern],
    placement: Option<Placement>,
) -> Result<Box<InstanceData>> {
    let info = module.info();
    let shown = shown_before(module, imports);
    let code = match &shown {
        Some(shown) => shown.code.clone(),
        None => module.place(placement.map(Placement::code))?,
    };
    let after_code = placement.map(|it| it.after_code(code.mapped()));
    let mut instance = Box::new(InstanceData {
        shown,
        module: module.clone(),
        code,
        context: ContextWords::new(module.layout().size(), after_code),
        memories: Vec::new(),
        shared_memories: Vec::new(),
        tables: Vec::new(),
        globals: Vec::new(),
        tags: Vec::new(),
        imported_functions: Vec::new(),
        forwards: Vec::new(),
        passed_on: None,
        dropped_data: vec![false; info.data.len()],
        dropped_elements: vec![false; info.elements.len()],
        element_values: vec![Box::default(); info.elements.len()],
        lazy: Vec::new(),
    });
    take_imports(core, &mut instance, imports);
    for ty in info.memories.values().skip(info.imported_memories) {
        let at = placement.and_then(|it| it.memory(instance.memories.len()));
        instance.memories.push(core.new_memory(*ty, at)?);
    }
    instance.shared_memories = shared_memories(core, info, &instance.memories);
    for ty in info.tables.values().skip(info.imported_tables) {
        let ty = ty.map(&|heap| module.shared(heap));
        instance.tables.push(core.new_table(ty)?);
    }
    for (index, ty) in info.tags.iter().skip(info.imported_tags) {
        let name = tag_name(info, module.artifact().wasm(), index);
        let ty = module.type_ids()[ty.index()];
        instance.tags.push(core.new_tag(ty, name));
    }
    fill_context(core, &mut instance)?;
    if core.engine().config().settings().debug_info && instance.shown.is_none() {
        bind_code(core, &mut instance)?;
    }
    init_globals(core, &mut instance)?;
    init_tables(core, &mut instance)?;
    Ok(instance)
}

/// Says to code for debugging whose it is.
fn bind_code(core: &StoreCore, instance: &mut InstanceData) -> Result<()> {
    let context = instance.context().cast_const().cast();
    let memory = instance.memories.first();
    let base = memory.map_or(ptr::null(), |memory| {
        core.memory(*memory).base().cast_const()
    });
    let address = |word| match word {
        Word::Context => context,
        Word::Store => (&raw const *core.vm).cast(),
        Word::Memory => base,
    };
    Ok(instance.code.bind(address)?)
}

/// Puts what is imported in front.
fn take_imports(core: &mut StoreCore, instance: &mut InstanceData, imports: &[Extern]) {
    for import in imports {
        match import {
            Extern::Func(func) => instance.imported_functions.push(*func),
            Extern::Table(table) => instance.tables.push(*table),
            Extern::Memory(memory) => instance.memories.push(*memory),
            Extern::SharedMemory(memory) => instance.memories.push(core.shared_memory(memory)),
            Extern::Global(global) => instance.globals.push(*global),
            Extern::Tag(tag) => instance.tags.push(*tag),
        }
    }
}

/// Those of an instance's memories that threads share, by their place.
fn shared_memories(
    core: &StoreCore,
    info: &ModuleInfo,
    memories: &[Memory],
) -> Vec<(usize, SharedMemory)> {
    let shared = info.memories.iter().filter(|(_, ty)| ty.shared);
    let shared = shared.map(|(index, _)| (index.index(), core.share(memories[index.index()])));
    shared.collect()
}

/// Reserves the store's heap, if a module needs it.
fn reserve_heap(core: &mut StoreCore, info: &ModuleInfo) -> Result<()> {
    if info.has_objects() {
        let base = core.objects.reserve();
        core.vm.heap = base.map_err(|error| Error::Resources {
            what: "a heap".to_owned(),
            error,
        })?;
    }
    Ok(())
}

/// Writes the VmContext, as abi/layout.rs draws it.
fn fill_context(core: &mut StoreCore, instance: &mut InstanceData) -> Result<()> {
    let module = instance.module.clone();
    let (info, layout) = (module.info(), module.layout());
    let head = VmContextHead {
        store: &raw mut *core.vm,
        builtins: builtins::TABLE.as_ptr(),
        type_ids: module.type_ids().as_ptr(),
        instance: ptr::from_mut(instance).cast(),
        supertypes: core.engine().supertypes(),
    };
    // SAFETY: the context is as large as the layout, which has these things at these offsets.
    unsafe {
        instance.context().write(head);
        for index in info.memories.keys() {
            let memory = core.memory(instance.memories[index.index()]);
            let reference = VmMemoryRef {
                base: memory.base(),
                memory: memory.vm().cast_mut(),
            };
            instance
                .at::<VmMemoryRef>(layout.memory(index))
                .write(reference);
        }
        for index in info.tables.keys() {
            let table = &*core.table(instance.tables[index.index()]).vm;
            instance
                .at::<*const VmTable>(layout.table(index))
                .write(ptr::from_ref(table));
        }
        for (index, func) in instance.imported_functions.clone().into_iter().enumerate() {
            let reference = func.reference(core.id())?;
            instance
                .at::<*mut VmFuncRef>(layout.imported_function(FuncIndex::new(index)))
                .write(reference);
        }
        for (index, global) in instance.globals.clone().into_iter().enumerate() {
            if let GlobalLocation::Pointer(offset) = layout.global(GlobalIndex::new(index)) {
                instance.at::<*mut u128>(offset).write(global.cell.as_ptr());
            }
        }
    }
    Ok(())
}

/// Gives the module's own globals their first values, in order.
fn init_globals(core: &mut StoreCore, instance: &mut InstanceData) -> Result<()> {
    let module = instance.module.clone();
    let info: &ModuleInfo = module.info();
    for (index, init) in (info.imported_globals..).zip(&info.global_inits) {
        let index = GlobalIndex::new(index);
        let value = evaluate(core, instance, init)?;
        let GlobalLocation::Inline(offset) = module.layout().global(index) else {
            unreachable!("own globals are inline")
        };
        let cell =
            NonNull::new(instance.at::<u128>(offset)).expect("a context is not at address 0");
        // SAFETY: the layout has the global there.
        unsafe { cell.write(value) };
        instance.globals.push(Global {
            store: core.id(),
            cell,
            ty: info.globals[index].map(&|heap| module.shared(heap)),
        });
    }
    Ok(())
}

fn evaluate(core: &mut StoreCore, instance: &mut InstanceData, expr: &ConstExpr) -> Result<u128> {
    let value = instance.evaluate(&mut core.objects, expr);
    value.ok_or_else(|| init_trap(TrapKind::HeapFull))
}

/// Tables whose elements begin with something else than null get it now.
fn init_tables(core: &mut StoreCore, instance: &mut InstanceData) -> Result<()> {
    let module = instance.module.clone();
    let info = module.info();
    for (index, init) in (info.imported_tables..).zip(&info.table_inits) {
        let Some(init) = init else { continue };
        let reference = evaluate(core, instance, init)? as u64;
        let table = core.table_mut(instance.tables[index]);
        for element in 0..table.vm.len {
            table.set(element, reference);
        }
    }
    Ok(())
}

/// Makes and registers native DWARF.
fn describe_to_debugger(
    core: &mut StoreCore,
    index: usize,
    ways: &Ways,
    reader: ImageReader,
    image: Option<CachedImage>,
) {
    let forwards = forwards::of(core, index, ways);
    core.instances[index].forwards.clone_from(&forwards);
    let config = core.engine().config();
    let instance = &core.instances[index];
    let (places, functions) = places(core, instance, forwards, image.as_ref());
    let memories = places.memories.iter().map(|memory| memory.base).collect();
    let (registration, warnings) = image::describe(
        &instance.code,
        places,
        config,
        instance.module.name(),
        reader,
        image,
    );
    let all = instance.module.warnings().iter().chain(&warnings);
    for warning in all.filter(|warning| warning.kind != WarningKind::Lost) {
        config.warn(&format!("{}: {warning}", instance.module.name()));
    }
    let instance = &mut core.instances[index];
    let code = instance.code.clone();
    let shown = Arc::new(Shown::new(registration, functions, code, memories));
    if instance.module.info().shares_memory() {
        instance.module.shown().add(&shown);
    }
    instance.shown = Some(shown);
}

/// The addresses that debuggers are told, and the code by which lldb follows pointers.
fn places(
    core: &StoreCore,
    instance: &InstanceData,
    forwards: Vec<Forward>,
    image: Option<&CachedImage>,
) -> (Places, Option<PointerFunctions>) {
    let config = core.engine().config();
    let memory_place = |memory: &Memory| {
        let memory = core.memory(*memory);
        MemoryPlace {
            base: HostAddress(memory.base() as u64),
            address_type: value_type(memory.ty().address_type.value_type()),
        }
    };
    let place = |(index, global): (usize, &Global)| GlobalPlace {
        address: global_address(&instance.module, GlobalIndex::new(index), global),
        ty: value_type(global.ty.content),
    };
    let memory = instance
        .memories
        .get(DWARF_MEMORY)
        .filter(|_| config.has_formatters());
    // Debugging goes on without it, with numbers for pointers.
    let placement = image.and_then(|it| it.placement);
    let at = placement.map(Placement::pointers);
    let functions = memory.and_then(|memory| PointerFunctions::new(memory_place(memory), at).ok());
    let info = instance.module.info();
    // Threads that have one image have a context each.
    let has_exceptions = !info.tags.is_empty() && !info.shares_memory();
    let heap = || HeapPlace {
        base: HostAddress(core.vm.heap as u64),
        types: instance.module.type_numbers(),
    };
    let places = Places {
        context: has_exceptions.then(|| HostAddress(instance.context.as_ptr() as u64)),
        // Threads that have one image have a heap each.
        heap: (info.has_objects() && !info.shares_memory()).then(heap),
        pointer_code: functions.as_ref().map(|functions| functions.code.clone()),
        forwards,
        memories: instance.memories.iter().map(memory_place).collect(),
        globals: instance.globals.iter().enumerate().map(place).collect(),
    };
    (places, functions)
}

/// The image of an instance on another thread, if all memories are the same.
fn shown_before(module: &Module, imports: &[Extern]) -> Option<Arc<Shown>> {
    let info = module.info();
    let are_all_shared = info.memories.values().all(|ty| ty.shared);
    if !are_all_shared || info.memories.len() != info.imported_memories {
        return None;
    }
    let memories = imports.iter().filter_map(|import| match import {
        Extern::SharedMemory(memory) => Some(HostAddress(memory.0.base() as u64)),
        _ => None,
    });
    let memories: Vec<_> = memories.collect();
    module.shown().find(&memories)
}

/// The address of a global for debuggers: by the context where several instances may have the code.
fn global_address(module: &Module, index: GlobalIndex, global: &Global) -> GlobalAddress {
    if !module.info().shares_memory() {
        return GlobalAddress::Fixed(HostAddress(global.cell.as_ptr() as u64));
    }
    let (offset, is_pointer) = match module.layout().global(index) {
        GlobalLocation::Inline(offset) => (offset, false),
        GlobalLocation::Pointer(offset) => (offset, true),
    };
    let mark = ContextMark {
        offset: offset_of!(VmContextHead, builtins) as u32,
        value: builtins::TABLE.as_ptr() as u64,
    };
    GlobalAddress::OfContext {
        offset,
        is_pointer,
        mark,
    }
}
