//! What a module declares: everything but the bodies of its functions, which stay windows of its bytes.

pub mod atomics;
pub mod composite;
pub mod elements;
pub mod features;
pub mod foreign;
pub mod identity;
pub mod init;
pub mod instructions;
pub mod names;
pub mod parse;
pub mod proposals;
pub mod reference;
pub mod section_types;
pub mod sections;
pub mod stack_pointer;
pub mod types;
pub mod validate;

use crate::index::*;
use composite::SubType;
use cranelift_entity::{EntityRef, PrimaryMap};
use dwalin_debuginfo::WasmDwarf;
use dwalin_debuginfo::address::{CodeSection, WasmPc};
use dwalin_debuginfo::code::DWARF_MEMORY;
use init::{ConstExpr, ConstOp, DataSegment, ElementSegment, SegmentMode};
use reference::HeapType;
use std::ops::Range;
use types::*;

/// The number of `nop`s in a row that are statements with code; more are padding.
pub const NOPS: usize = 64;

/// The declarations of a module. Offsets and ranges are bytes of the module's own bytes.
#[derive(Default, Debug)]
pub struct ModuleInfo {
    /// The type section.
    pub types: PrimaryMap<TypeIndex, SubType>,
    /// Its recursion groups, in order: types that are the same in two modules are so as a whole group.
    pub rec_groups: Vec<Range<u32>>,
    /// The entries that are functions' types; their positions are those of trampolines.
    pub function_types: Vec<TypeIndex>,
    /// Imports in order; those of each kind come first in their index space.
    pub imports: Vec<Import>,
    /// Exports in order.
    pub exports: Vec<Export>,
    /// The type of each function.
    pub functions: PrimaryMap<FuncIndex, TypeIndex>,
    /// The number of imported functions.
    pub imported_functions: usize,
    /// The type of each table.
    pub tables: PrimaryMap<TableIndex, TableType>,
    /// The number of imported tables.
    pub imported_tables: usize,
    /// The type of each memory.
    pub memories: PrimaryMap<MemoryIndex, MemoryType>,
    /// The number of imported memories.
    pub imported_memories: usize,
    /// The type of each global.
    pub globals: PrimaryMap<GlobalIndex, GlobalType>,
    /// The number of imported globals.
    pub imported_globals: usize,
    /// The type of each tag.
    pub tags: PrimaryMap<TagIndex, TypeIndex>,
    /// The number of imported tags.
    pub imported_tags: usize,
    /// First values of the globals that the module defines, in order.
    pub global_inits: Vec<ConstExpr>,
    /// First values of the elements of the tables that the module defines (null without one).
    pub table_inits: Vec<Option<ConstExpr>>,
    /// The start function.
    pub start: Option<FuncIndex>,
    /// Element segments.
    pub elements: PrimaryMap<ElemIndex, ElementSegment>,
    /// Data segments.
    pub data: PrimaryMap<DataIndex, DataSegment>,
    /// Functions that can be referred to by a value: exported, in element segments, declared, or named by `ref.func` in a
    /// constant expression, and the start function. Sorted; the position is the function's slot among the VmContext's function references.
    pub escaping: Vec<FuncIndex>,
    /// The contents of the code section, its function count included: where wasm DWARF counts from.
    pub code_section: CodeSection,
    /// Bodies of the defined functions, from the locals' declaration on.
    pub bodies: PrimaryMap<DefinedFuncIndex, Range<usize>>,
    /// Custom sections by name, in order.
    pub custom: Vec<(String, Range<usize>)>,
}

/// Bytes of memory that are shown of a program that does not run.
const MOST_INITIAL: u64 = 64 << 20;

/// The start of the memory that DWARF means as its instance begins with: data segments whose places are constants, and zeros.
pub(crate) fn initial_memory(info: &ModuleInfo, wasm: &[u8]) -> Vec<u8> {
    let memory = info.memories.values().nth(DWARF_MEMORY);
    let size = memory.map_or(0, |ty| ty.limits.min.saturating_mul(ty.page_size()));
    let mut memory = vec![0; size.min(MOST_INITIAL) as usize];
    for segment in info.data.values() {
        let SegmentMode::Active { target, offset } = &segment.mode else {
            continue;
        };
        let offset = match offset.ops[..] {
            [ConstOp::I32(offset)] if target.index() == DWARF_MEMORY => offset as u32 as usize,
            [ConstOp::I64(offset)] if target.index() == DWARF_MEMORY => offset as usize,
            _ => continue,
        };
        let bytes = wasm.get(segment.bytes.clone()).unwrap_or(&[]);
        let end = offset.saturating_add(bytes.len());
        if let Some(place) = memory.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
    }
    memory
}

/// One import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The first name.
    pub module: String,
    /// The second name.
    pub name: String,
    /// The expected type, and for a function its entry of the type section.
    pub ty: ExternType,
}

/// One export.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// The exported item.
    pub item: ExportItem,
}

/// The target of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportItem {
    /// A function.
    Func(FuncIndex),
    /// A table.
    Table(TableIndex),
    /// A memory.
    Memory(MemoryIndex),
    /// A global.
    Global(GlobalIndex),
    /// A tag.
    Tag(TagIndex),
}

impl ModuleInfo {
    /// Returns true if it has a memory that threads share: then several of its instances may have the same code and the same image.
    pub fn shares_memory(&self) -> bool {
        self.memories.values().any(|ty| ty.shared)
    }

    /// The module's DWARF sections, as found.
    pub fn dwarf<'a>(&'a self, wasm: &'a [u8]) -> WasmDwarf<'a> {
        WasmDwarf::new(
            self.custom
                .iter()
                .map(|(name, range)| (name.as_str(), &wasm[range.clone()])),
        )
    }

    /// The address of a byte of the code section.
    pub fn pc(&self, file_offset: usize) -> WasmPc {
        let pc = self.code_section.pc(file_offset);
        pc.expect("bodies are in the code section")
    }

    /// The body of a function, as DWARF counts.
    pub fn pcs(&self, func: DefinedFuncIndex) -> Range<WasmPc> {
        let body = &self.bodies[func];
        self.pc(body.start)..self.pc(body.end)
    }

    /// The position of a function in [`escaping`](Self::escaping), if it is there.
    pub fn escaping_slot(&self, func: FuncIndex) -> Option<usize> {
        self.escaping.binary_search(&func).ok()
    }

    /// The defined function that `func` is; `None` for an import.
    pub fn defined(&self, func: FuncIndex) -> Option<DefinedFuncIndex> {
        func.index()
            .checked_sub(self.imported_functions)
            .map(DefinedFuncIndex::new)
    }

    /// The index of a defined function among all functions.
    pub fn func_index(&self, defined: DefinedFuncIndex) -> FuncIndex {
        FuncIndex::new(self.imported_functions + defined.index())
    }

    /// The function type that an entry of the type section is.
    pub fn function_type(&self, ty: TypeIndex) -> &FuncType {
        let ty = self.types[ty].function();
        ty.expect("validated: functions and tags have functions' types")
    }

    /// The position of a function type's trampolines.
    pub fn trampoline(&self, ty: TypeIndex) -> usize {
        let found = self.function_types.binary_search(&ty);
        found.expect("validated: functions have functions' types")
    }

    /// The type of a function.
    pub fn func_type(&self, func: FuncIndex) -> &FuncType {
        self.function_type(self.functions[func])
    }

    /// Returns true if the module has types of structures or arrays.
    pub fn has_objects(&self) -> bool {
        self.function_types.len() < self.types.len()
    }

    /// Returns true if all values of a heap type are functions.
    pub fn is_function(&self, ty: HeapType) -> bool {
        match ty {
            HeapType::Defined(index) => self.types[index].function().is_some(),
            abstract_type => abstract_type.top() == Some(HeapType::Func),
        }
    }

    /// The type of a tag.
    pub fn tag_type(&self, tag: TagIndex) -> &FuncType {
        self.function_type(self.tags[tag])
    }

    /// The type of what an export refers to.
    pub fn type_of(&self, item: ExportItem) -> ExternType {
        match item {
            ExportItem::Func(index) => ExternType::Func(self.func_type(index).clone()),
            ExportItem::Table(index) => ExternType::Table(self.tables[index]),
            ExportItem::Memory(index) => ExternType::Memory(self.memories[index]),
            ExportItem::Global(index) => ExternType::Global(self.globals[index]),
            ExportItem::Tag(index) => ExternType::Tag(self.tag_type(index).clone()),
        }
    }
}
