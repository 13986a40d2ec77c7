//! Instances: imports checked, what the module defines made, segments applied, the start function called (WebAssembly 2.0,
//! section 4.5.4).

use super::builtins;
use super::func::Func;
use super::global::Global;
use super::imports::check_imports;
use super::layout::{GlobalLocation, VmContextHead, VmFuncRef, VmMemoryRef};
use super::memory::Memory;
use super::store::{AsContext, AsContextMut, StoreCore};
use super::table::Table;
use crate::code::PlacedCode;
use crate::code::describe::{self, Places};
use crate::code::pointers::PointerFunctions;
use crate::compile::body::value_type;
use crate::compiled::Module;
use crate::error::{Error, Result};
use crate::index::*;
use crate::module::init::{ConstExpr, ConstOp, Elements, SegmentMode};
use crate::module::types::ExternType;
use crate::module::{ExportItem, ModuleInfo};
use crate::trap::{Trap, TrapKind};
use cranelift_entity::EntityRef;
use dwalin_debuginfo::WarningKind;
use dwalin_debuginfo::address::HostAddress;
use dwalin_debuginfo::code::GlobalPlace;
use dwalin_gdb_jit::Registration;
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// What can be imported and exported.
#[derive(Clone, Copy, Debug)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A global.
    Global(Global),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
}

impl Extern {
    /// The function, if it is one.
    pub fn into_func(self) -> Option<Func> {
        if let Extern::Func(func) = self {
            Some(func)
        } else {
            None
        }
    }

    /// The global, if it is one.
    pub fn into_global(self) -> Option<Global> {
        if let Extern::Global(global) = self {
            Some(global)
        } else {
            None
        }
    }

    /// The table, if it is one.
    pub fn into_table(self) -> Option<Table> {
        if let Extern::Table(table) = self {
            Some(table)
        } else {
            None
        }
    }

    /// The memory, if it is one.
    pub fn into_memory(self) -> Option<Memory> {
        if let Extern::Memory(memory) = self {
            Some(memory)
        } else {
            None
        }
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        match self {
            Extern::Func(func) => ExternType::Func(func.ty(store)),
            Extern::Global(global) => ExternType::Global(global.ty(store)),
            Extern::Table(table) => ExternType::Table(table.ty(store)),
            Extern::Memory(memory) => ExternType::Memory(memory.ty(store)),
        }
    }
}

macro_rules! into_extern {
    ($($ty:ident)*) => {$(
        impl From<$ty> for Extern {
            fn from(item: $ty) -> Extern {
                Extern::$ty(item)
            }
        }
    )*};
}
into_extern!(Func Global Table Memory);

/// An instance's part of the store.
pub struct InstanceData {
    // Dropped first: the debugger lets go of the code before it is unmapped.
    registration: Option<Registration>,
    /// What the registered image's expressions call.
    pointer_functions: Option<PointerFunctions>,
    pub(crate) module: Module,
    pub(crate) code: Arc<PlacedCode>,
    /// The VmContext: 16-aligned words, never moved.
    context: Box<[u128]>,
    pub(crate) memories: Vec<Memory>,
    pub(crate) tables: Vec<Table>,
    pub(crate) globals: Vec<Global>,
    imported_functions: Vec<Func>,
    /// Segments that `data.drop` or `elem.drop` emptied, or that were applied.
    pub(crate) dropped_data: Vec<bool>,
    pub(crate) dropped_elements: Vec<bool>,
    /// Segments that tables take first values from: table, first element, segment. Later ones count.
    lazy: Vec<(Table, u64, ElemIndex)>,
}

impl InstanceData {
    /// The VmContext.
    pub(crate) fn context(&mut self) -> *mut VmContextHead {
        self.context.as_mut_ptr().cast()
    }

    fn at<V>(&mut self, offset: u32) -> *mut V {
        self.context()
            .cast::<u8>()
            .wrapping_add(offset as usize)
            .cast()
    }

    /// The reference to a function, made when it is first asked for.
    pub(crate) fn func_ref(&mut self, func: FuncIndex) -> *mut VmFuncRef {
        let module = self.module.clone();
        let info = module.info();
        let Some(defined) = info.defined(func) else {
            // SAFETY: the layout has a pointer there for each imported function.
            return unsafe { *self.at::<*mut VmFuncRef>(module.layout().imported_function(func)) };
        };
        let slot = info
            .escaping
            .binary_search(&func)
            .expect("validated: only functions that may be referred to are");
        let reference = self.at::<VmFuncRef>(module.layout().func_ref(slot));
        let ty = info.functions[func];
        let full = VmFuncRef {
            code: self.code.function(defined),
            array_to_wasm: self.code.array_to_wasm(ty),
            context: self.context(),
            type_id: module.type_ids()[ty.index()],
        };
        // SAFETY: the layout has a VmFuncRef there, and writing the same again changes nothing.
        unsafe { reference.write(full) };
        reference
    }

    /// The function that an element of one of the instance's own tables begins with.
    pub(crate) fn lazy_element(&mut self, table: Table, index: u64) -> Option<*mut VmFuncRef> {
        let func = self.lazy_func(table, index)?;
        Some(self.func_ref(func))
    }

    /// Which function that is.
    pub(crate) fn lazy_func(&self, table: Table, index: u64) -> Option<FuncIndex> {
        let info = self.module.info();
        self.lazy.iter().rev().find_map(|(found, start, segment)| {
            let Elements::Funcs(funcs) = &info.elements[*segment].elements else {
                return None;
            };
            let position = index.checked_sub(*start)? as usize;
            (*found == table)
                .then(|| funcs.get(position).copied())
                .flatten()
        })
    }

    fn export(&mut self, item: ExportItem, store: u64) -> Extern {
        match item {
            ExportItem::Func(func) => {
                let reference = self.func_ref(func);
                Extern::Func(
                    Func::from_reference(reference, store)
                        .expect("a function's reference is not null"),
                )
            }
            ExportItem::Table(table) => Extern::Table(self.tables[table.index()]),
            ExportItem::Memory(memory) => Extern::Memory(self.memories[memory.index()]),
            ExportItem::Global(global) => Extern::Global(self.globals[global.index()]),
        }
    }

    pub(crate) fn get_export(&mut self, name: &str, store: u64) -> Option<Extern> {
        let info = self.module.info().clone();
        let item = info.exports.iter().find(|export| export.name == name)?.item;
        Some(self.export(item, store))
    }

    /// The value of a constant expression, as a slot.
    fn evaluate(&mut self, expr: &ConstExpr) -> u128 {
        let mut stack = Vec::with_capacity(1);
        for op in &expr.ops {
            stack.push(match *op {
                ConstOp::I32(value) => u128::from(value as u32),
                ConstOp::I64(value) => u128::from(value as u64),
                ConstOp::F32(bits) => u128::from(bits),
                ConstOp::F64(bits) => u128::from(bits),
                ConstOp::RefNull => 0,
                ConstOp::RefFunc(func) => self.func_ref(func) as u128,
                // SAFETY: a constant expression names globals that have their values: imports and those before.
                ConstOp::GlobalGet(global) => unsafe {
                    *self.globals[global.index()].cell.as_ptr()
                },
            });
        }
        stack.pop().expect("validated: one value is left")
    }
}

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
        let mut instance = build(core, module, imports)?;
        describe_to_debugger(core, &mut instance);
        let code = instance.code.clone();
        let index = core.instances.len();
        core.instances.push(instance);
        // Not before: the store keeps the code from now on, and nothing can fail in between.
        core.add_trampolines(module, |ty| code.wasm_to_array(ty));
        let handle = Instance {
            store: core.id(),
            index,
        };
        apply_elements(core, index)?;
        apply_data(core, index)?;
        if let Some(start) = module.info().start {
            let reference = core.instances[index].func_ref(start);
            // SAFETY: a start function has no parameters and no results.
            unsafe { core.call(reference, &mut [0])? };
        }
        Ok(handle)
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
    pub fn module<'a, T: 'static>(
        &self,
        store: impl Into<super::store::StoreContext<'a, T>>,
    ) -> &'a Module {
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
    ) -> Result<crate::host::TypedFunc<Params, Results>>
    where
        Params: crate::host::WasmParams,
        Results: crate::host::WasmResults,
    {
        let func = self.get_func(&mut store, name);
        func.ok_or_else(|| Error::Type(format!("the module exports no function `{name}`")))?
            .typed(store)
    }

    /// An exported memory.
    pub fn get_memory(&self, store: impl AsContextMut, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// An exported global.
    pub fn get_global(&self, store: impl AsContextMut, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// An exported table.
    pub fn get_table(&self, store: impl AsContextMut, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }
}

/// Makes an instance with all that it owns, before segments and the start function.
fn build(core: &mut StoreCore, module: &Module, imports: &[Extern]) -> Result<Box<InstanceData>> {
    let info = module.info();
    let code = module.place()?;
    let mut instance = Box::new(InstanceData {
        registration: None,
        pointer_functions: None,
        module: module.clone(),
        code,
        context: vec![0u128; module.layout().size().div_ceil(16) as usize].into(),
        memories: Vec::new(),
        tables: Vec::new(),
        globals: Vec::new(),
        imported_functions: Vec::new(),
        dropped_data: vec![false; info.data.len()],
        dropped_elements: vec![false; info.elements.len()],
        lazy: Vec::new(),
    });
    for import in imports {
        match import {
            Extern::Func(func) => instance.imported_functions.push(*func),
            Extern::Table(table) => instance.tables.push(*table),
            Extern::Memory(memory) => instance.memories.push(*memory),
            Extern::Global(global) => instance.globals.push(*global),
        }
    }
    for ty in info.memories.values().skip(info.imported_memories) {
        instance.memories.push(core.new_memory(*ty)?);
    }
    for ty in info.tables.values().skip(info.imported_tables) {
        instance.tables.push(core.new_table(*ty)?);
    }
    if core.engine().config().settings().debug_info {
        let context = instance.context();
        instance.code.bind(context.cast_const().cast())?;
    }
    fill_context(core, &mut instance)?;
    init_globals(core, &mut instance);
    init_tables(core, &mut instance);
    Ok(instance)
}

/// Writes the VmContext, as vm/layout.rs draws it.
fn fill_context(core: &mut StoreCore, instance: &mut InstanceData) -> Result<()> {
    let module = instance.module.clone();
    let (info, layout) = (module.info(), module.layout());
    let head = VmContextHead {
        store: &raw mut *core.vm,
        builtins: builtins::TABLE.as_ptr(),
        type_ids: module.type_ids().as_ptr(),
        instance: ptr::from_mut(instance).cast(),
    };
    // SAFETY: the context is as large as the layout, which has these things at these offsets.
    unsafe {
        instance.context().write(head);
        for index in info.memories.keys() {
            let memory = &*core.memory(instance.memories[index.index()]).vm;
            let reference = VmMemoryRef {
                base: memory.base,
                memory: ptr::from_ref(memory).cast_mut(),
            };
            instance
                .at::<VmMemoryRef>(layout.memory(index))
                .write(reference);
        }
        for index in info.tables.keys() {
            let table = &*core.table(instance.tables[index.index()]).vm;
            instance
                .at::<*const super::layout::VmTable>(layout.table(index))
                .write(ptr::from_ref(table));
        }
        for (index, func) in instance.imported_functions.clone().into_iter().enumerate() {
            let reference = func.reference(core)?;
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
fn init_globals(core: &StoreCore, instance: &mut InstanceData) {
    let module = instance.module.clone();
    let info: &ModuleInfo = module.info();
    for (index, init) in (info.imported_globals..).zip(&info.global_inits) {
        let index = GlobalIndex::new(index);
        let value = instance.evaluate(init);
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
            ty: info.globals[index],
        });
    }
}

/// Tables whose elements begin with something else than null get it now.
fn init_tables(core: &mut StoreCore, instance: &mut InstanceData) {
    let module = instance.module.clone();
    let info = module.info();
    for (index, init) in (info.imported_tables..).zip(&info.table_inits) {
        let Some(init) = init else { continue };
        let reference = instance.evaluate(init) as u64;
        let table = core.table_mut(instance.tables[index]);
        for element in 0..table.vm.len {
            table.set(element, reference);
        }
    }
}

/// Makes and registers native DWARF, where it is wanted.
fn describe_to_debugger(core: &StoreCore, instance: &mut InstanceData) {
    let config = core.engine().config();
    if !config.settings().debug_info {
        return;
    }
    let base = |memory: &Memory| HostAddress(core.memory(*memory).vm.base as u64);
    let place = |global: &Global| GlobalPlace {
        address: HostAddress(global.cell.as_ptr() as u64),
        ty: value_type(global.ty.content),
    };
    if config.has_formatters() {
        let memory = instance.memories.first().map(base);
        // Debugging goes on without it, with numbers for pointers.
        instance.pointer_functions = memory.and_then(|base| PointerFunctions::new(base).ok());
    }
    let places = Places {
        pointer_code: instance
            .pointer_functions
            .as_ref()
            .map(|functions| functions.code.clone()),
        memories: instance.memories.iter().map(base).collect(),
        globals: instance.globals.iter().map(place).collect(),
    };
    let (registration, warnings) =
        describe::describe(&instance.code, places, config, instance.module.name());
    instance.registration = Some(registration);
    let all = instance.module.warnings().iter().chain(&warnings);
    for warning in all.filter(|warning| warning.kind != WarningKind::Lost) {
        config.warn(&format!("{}: {warning}", instance.module.name()));
    }
}

/// A trap of instantiation, which no instruction stands for.
fn init_trap(kind: TrapKind) -> Error {
    Error::Trap(Box::new(Trap::without_frames(kind)))
}

/// Active element segments, in order. Functions for the instance's own tables wait until they are asked for.
fn apply_elements(core: &mut StoreCore, index: usize) -> Result<()> {
    let module = core.instances[index].module.clone();
    let info = module.info();
    // Tables that hold elements already: what later segments say must not wait behind those.
    let mut filled = Vec::new();
    for (segment, declared) in info.elements.iter() {
        let SegmentMode::Active { target, offset } = &declared.mode else {
            core.instances[index].dropped_elements[segment.index()] =
                declared.mode == SegmentMode::Declared;
            continue;
        };
        let instance = &mut core.instances[index];
        let start = u64::from(instance.evaluate(offset) as u32);
        let table = instance.tables[target.index()];
        let len = declared.elements.len() as u64;
        if start + len > core.table(table).vm.len {
            return Err(init_trap(TrapKind::TableOutOfBounds));
        }
        let own = target.index() >= info.imported_tables
            && info.table_inits[target.index() - info.imported_tables].is_none();
        let lazy =
            own && !filled.contains(&table) && matches!(declared.elements, Elements::Funcs(_));
        if lazy {
            core.instances[index].lazy.push((table, start, segment));
        } else {
            copy_elements(core, index, table, segment, start, 0, len);
            filled.push(table);
        }
        core.instances[index].dropped_elements[segment.index()] = true;
    }
    Ok(())
}

/// Copies elements of a segment into a table; both ranges have been checked.
pub(crate) fn copy_elements(
    core: &mut StoreCore,
    index: usize,
    table: Table,
    segment: ElemIndex,
    to: u64,
    from: u64,
    len: u64,
) {
    let info = core.instances[index].module.info().clone();
    for i in 0..len {
        let instance = &mut core.instances[index];
        let reference = match &info.elements[segment].elements {
            Elements::Funcs(funcs) => instance.func_ref(funcs[(from + i) as usize]) as u64,
            Elements::Exprs(exprs) => instance.evaluate(&exprs[(from + i) as usize]) as u64,
        };
        core.table_mut(table).set(to + i, reference);
    }
}

/// Active data segments, in order.
fn apply_data(core: &mut StoreCore, index: usize) -> Result<()> {
    let module = core.instances[index].module.clone();
    for (segment, data) in module.info().data.iter() {
        let SegmentMode::Active { target, offset } = &data.mode else {
            continue;
        };
        let instance = &mut core.instances[index];
        let start = instance.evaluate(offset) as u32 as usize;
        let memory = instance.memories[target.index()];
        let bytes = &module.artifact().wasm()[data.bytes.clone()];
        // SAFETY: the store is borrowed mutably and no guest runs.
        let all = unsafe { &mut *core.memory(memory).bytes() };
        let range = all
            .get_mut(start..)
            .and_then(|rest| rest.get_mut(..bytes.len()));
        range
            .ok_or_else(|| init_trap(TrapKind::MemoryOutOfBounds))?
            .copy_from_slice(bytes);
        core.instances[index].dropped_data[segment.index()] = true;
    }
    Ok(())
}
