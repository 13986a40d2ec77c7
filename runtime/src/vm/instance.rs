//! An instance: what it has in its store, and what others get of it.

use super::handle::{Extern, Func, Global, Memory, Table, Tag};
use super::shared::SharedMemory;
use crate::abi::layout::{VmContextHead, VmFuncRef};
use crate::code::PlacedCode;
use crate::code::words::Words;
use crate::compiled::Module;
use crate::describe::shown::Shown;
use crate::index::*;
use crate::module::ExportItem;
use crate::module::init::Elements;
use crate::report::backtrace::FrameInfo;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::code::Forward;
use std::sync::Arc;

/// The functions of a module that only pass calls on to another module's, and how each comes to what it calls.
pub(crate) type Ways = Vec<(DefinedFuncIndex, Way)>;

/// A function's way to what it calls.
pub(crate) enum Way {
    /// An imported function.
    Import(FuncIndex),
    /// An element of a table.
    Element { table: TableIndex, index: u64 },
}

/// Calls that functions of an instance pass on, with names and values that the core functions do not have.
pub(crate) trait PassedOn: Send + Sync {
    /// The call that a frame is in, with its locals in order. `bytes` are a memory's.
    fn text<'m>(
        &self,
        frame: &FrameInfo,
        memories: &[Memory],
        bytes: &dyn Fn(Memory) -> &'m [u8],
    ) -> Option<String>;
}

/// An instance's part of the store.
pub struct InstanceData {
    // Dropped first: the debugger lets go of the code before it is unmapped.
    pub(crate) shown: Option<Arc<Shown>>,
    pub(crate) module: Module,
    pub(crate) code: Arc<PlacedCode>,
    /// The VmContext: 16-aligned words, never moved.
    pub(crate) context: ContextWords,
    pub(crate) memories: Vec<Memory>,
    /// Those that threads share, by their place among the memories.
    pub(crate) shared_memories: Vec<(usize, SharedMemory)>,
    pub(crate) tables: Vec<Table>,
    pub(crate) globals: Vec<Global>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) imported_functions: Vec<Func>,
    /// Those of its functions that only pass calls on, if debuggers are told.
    pub(crate) forwards: Vec<Forward>,
    /// The calls that they are, where that is known.
    pub(crate) passed_on: Option<Arc<dyn PassedOn>>,
    /// Segments that `data.drop` or `elem.drop` emptied, or that were applied.
    pub(crate) dropped_data: Vec<bool>,
    pub(crate) dropped_elements: Vec<bool>,
    /// The values of the element segments that are expressions; empty for the others and where they were dropped.
    pub(crate) element_values: Vec<Box<[u64]>>,
    /// Segments that tables take first values from: table, first element, segment. Later ones count.
    pub(crate) lazy: Vec<(Table, u64, ElemIndex)>,
}

/// The words of a VmContext.
pub(crate) enum ContextWords {
    /// At an address of the allocator's choice.
    Owned(Box<[u128]>),
    /// At the address that was asked for.
    Placed(Words),
}

impl ContextWords {
    /// So many bytes, at an address if nothing is there.
    pub(crate) fn new(size: u32, at: Option<usize>) -> ContextWords {
        let count = size.div_ceil(16) as usize;
        let placed = at.and_then(|at| Words::at(at, count).ok());
        placed.map_or_else(
            || ContextWords::Owned(vec![0; count].into()),
            ContextWords::Placed,
        )
    }

    pub(crate) fn as_ptr(&self) -> *const u128 {
        match self {
            ContextWords::Owned(words) => words.as_ptr(),
            ContextWords::Placed(words) => words.as_ptr(),
        }
    }

    fn as_mut_ptr(&mut self) -> *mut u128 {
        match self {
            ContextWords::Owned(words) => words.as_mut_ptr(),
            ContextWords::Placed(words) => words.as_ptr(),
        }
    }
}

impl InstanceData {
    /// The VmContext.
    pub(crate) fn context(&mut self) -> *mut VmContextHead {
        self.context.as_mut_ptr().cast()
    }

    pub(crate) fn at<V>(&mut self, offset: u32) -> *mut V {
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
        let slot = info.escaping_slot(func);
        let slot = slot.expect("validated: only functions that may be referred to are");
        let reference = self.at::<VmFuncRef>(module.layout().func_ref(slot));
        let ty = info.functions[func];
        let full = VmFuncRef {
            code: self.code.function(defined),
            array_to_wasm: self.code.array_to_wasm(ty),
            context: self.context(),
            type_id: module.type_ids()[ty.index()],
            is_tail: u32::from(module.artifact().is_tail_type(ty)),
        };
        // SAFETY: the layout has a VmFuncRef there, and writing the same again changes nothing.
        unsafe { reference.write(full) };
        reference
    }

    /// Returns true if a reference to one of the instance's functions is at an address, and has been made.
    pub(crate) fn has_reference(&self, reference: *mut VmFuncRef) -> bool {
        let start = self.context.as_ptr() as usize + self.module.layout().func_ref(0) as usize;
        let distance = (reference as usize).wrapping_sub(start);
        let len = self.module.info().escaping.len() * size_of::<VmFuncRef>();
        // SAFETY: then it is one of the references that the context has, whose words are zero before they are made.
        distance < len
            && distance.is_multiple_of(size_of::<VmFuncRef>())
            && unsafe { !(*reference).code.is_null() }
    }

    /// Empties an element segment.
    pub(crate) fn drop_elements(&mut self, segment: ElemIndex) {
        self.dropped_elements[segment.index()] = true;
        self.element_values[segment.index()] = Box::default();
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

    pub(crate) fn export(&mut self, item: ExportItem, store: u64) -> Extern {
        match item {
            ExportItem::Func(func) => {
                let reference = self.func_ref(func);
                Extern::Func(
                    Func::from_reference(reference, store)
                        .expect("a function's reference is not null"),
                )
            }
            ExportItem::Table(table) => Extern::Table(self.tables[table.index()]),
            ExportItem::Memory(memory) => {
                let mut shared = self.shared_memories.iter();
                match shared.find(|(index, _)| *index == memory.index()) {
                    Some((_, shared)) => Extern::SharedMemory(shared.clone()),
                    None => Extern::Memory(self.memories[memory.index()]),
                }
            }
            ExportItem::Global(global) => Extern::Global(self.globals[global.index()]),
            ExportItem::Tag(tag) => Extern::Tag(self.tags[tag.index()]),
        }
    }

    pub(crate) fn get_export(&mut self, name: &str, store: u64) -> Option<Extern> {
        let info = self.module.info().clone();
        let item = info.exports.iter().find(|export| export.name == name)?.item;
        Some(self.export(item, store))
    }
}
