//! What the compiler and the instance tell us of the code that the debugger will see. Plain data: nothing here knows how
//! code is made.

use crate::address::{CodeOffset, FrameOffset, HostAddress, WasmPc};
use std::ops::Range;

/// Bytes that functions are aligned to, at least: fewer between two of them are not another one.
pub const FUNCTION_ALIGNMENT: u64 = 16;

/// One instance's placed code, every address final.
#[derive(Clone, Debug)]
pub struct CodeMap<'a> {
    /// Module's name for messages and for the compilation unit of what has no DWARF: the path, or "wasm".
    pub module_name: &'a str,
    /// The contents of the module's code section, by which its debug info is checked; empty where that is not wanted.
    pub wasm: &'a [u8],
    /// All machine code, functions and trampolines.
    pub text: Range<HostAddress>,
    /// The defined functions, in the order of their wasm code (and so sorted by `wasm`).
    pub functions: Vec<FunctionCode<'a>>,
    /// Code of no wasm function: trampolines.
    pub trampolines: Vec<Symbol<'a>>,
    /// The functions that only pass calls on.
    pub forwards: Vec<Forward>,
    /// Call frame information of everything in `text`, where the process has it mapped: `.eh_frame` with pc-relative
    /// pointers, so that its address matters.
    pub eh_frame: (HostAddress, &'a [u8]),
    /// The linear memories, by index.
    pub memories: Vec<MemoryPlace>,
    /// The elements of the table that function pointers index: those that hold functions, with their names. None
    /// where the elements can change.
    pub table: Vec<(u32, &'a str)>,
    /// The places of the wasm globals, by index.
    pub globals: Vec<GlobalPlace>,
    /// The heap of the module's objects, if it has any.
    pub heap: Option<HeapPlace>,
    /// The context of the instance, if the module has exceptions: what debuggers' scripts find them by.
    pub context: Option<HostAddress>,
    /// Whose reader it is for.
    pub flavor: Flavor,
    /// True if gdb finds the first memory at the guest's own addresses too, and so needs not be told where what a pointer is of lies.
    pub at_own_addresses: bool,
    /// Code by which lldb's expressions follow pointers in memory; without it these are numbers to lldb.
    pub pointer_code: Option<PointerCode>,
}

/// The index of the memory that addresses in DWARF mean: they name none, and LLVM has all data in the first.
pub const DWARF_MEMORY: usize = 0;

impl CodeMap<'_> {
    /// The memory that addresses in DWARF mean.
    pub(crate) fn dwarf_memory(&self) -> Option<&MemoryPlace> {
        self.memories.get(DWARF_MEMORY)
    }

    /// The number of the function whose body an address is in. LLVM's tools count a body's size field to it, the `wat` crate's
    /// addresses are one or two bytes too low: neither is inside another body.
    pub(crate) fn function_at(&self, pc: WasmPc) -> Option<usize> {
        let index = self
            .functions
            .partition_point(|function| function.wasm.start <= pc)
            .checked_sub(1)?;
        (pc < self.functions[index].wasm.end).then_some(index)
    }

    /// The numbers of the functions that have code in a range of DWARF.
    pub(crate) fn functions_in(&self, range: &gimli::Range) -> Range<usize> {
        match (
            WasmPc::from_dwarf(range.begin),
            WasmPc::from_dwarf(range.end),
        ) {
            (Some(start), Some(end)) => {
                let functions = &self.functions;
                let from = functions.partition_point(|function| function.wasm.end <= start);
                from..functions.partition_point(|function| function.wasm.start < end)
            }
            _ => 0..0,
        }
    }
}

impl CodeMap<'_> {
    /// The base of the memory whose own addresses gdb shows: of the first one, unless there are others.
    pub(crate) fn own_base(&self) -> Option<HostAddress> {
        match self.memories[..] {
            [memory] if self.flavor == Flavor::Gdb => Some(memory.base),
            _ => None,
        }
    }
}

/// The symbols of the two functions of [`PointerCode`].
pub(crate) const GET_POINTER: &str = "wasm32_ptr_get";
pub(crate) const SET_POINTER: &str = "wasm32_ptr_set";

/// Two functions for debuggers to call, about a pointer into the first memory: `this` of the C++ ABI is the pointer's address.
#[derive(Clone, Debug)]
pub struct PointerCode {
    /// Both of them.
    pub code: Range<HostAddress>,
    /// Returns the address of what the pointer points to; null for null.
    pub get: HostAddress,
    /// Sets it to what an address of the host is in the guest; returns `this`.
    pub set: HostAddress,
}

/// Whose reader the DWARF is for: gdb and lldb can follow a 4-byte pointer in an 8-byte world by different means only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavor {
    /// Pointers are DW_TAG_pointer_type of 4 bytes, what they are of carries DW_AT_data_location, where it is needed.
    Gdb,
    /// Pointers in memory are numbers of 4 bytes, or classes with operators; pointer variables are computed 8-byte values.
    Lldb,
}

/// The initial contents of memory: for an image that is read without a process.
#[derive(Clone, Copy, Default, Debug)]
pub struct Contents<'a> {
    /// The machine code.
    pub text: &'a [u8],
    /// The first linear memory, from its start on.
    pub memory: &'a [u8],
}

/// A named range of machine code.
#[derive(Clone, Debug)]
pub struct Symbol<'a> {
    /// As the debugger shows it.
    pub name: &'a str,
    /// Its machine code.
    pub code: Range<HostAddress>,
}

/// A defined function's code.
#[derive(Clone, Debug)]
pub struct FunctionCode<'a> {
    /// Index in the module's function index space, imports included.
    pub index: u32,
    /// From the name section, else `wasm-function[N]`.
    pub name: &'a str,
    /// Its body in the code section, from the locals' declaration to the final `end`, as DW_AT_low_pc and high_pc say it.
    pub wasm: Range<WasmPc>,
    /// The parameters of its type.
    pub parameters: Vec<ValueType>,
    /// True if its type has results. One that returns a structure in memory has none: the caller says where in a parameter.
    pub has_results: bool,
    /// True if the code follows a convention of its own, in which it takes arguments off the stack.
    pub pops_arguments: bool,
    /// Its machine code.
    pub code: Range<HostAddress>,
    /// Which wasm instruction each piece of code comes from: sorted by offset, the first at 0, each reaching to the next
    /// one and the last to the end. `None` is code that no instruction stands for (prologue, epilogue). Neighbours at one
    /// address are the statements that begin there, in the order of [`Questions::statements`], the last with the instruction.
    pub rows: Vec<(CodeOffset, Option<WasmPc>)>,
    /// The stack slots of its values.
    pub slots: DebugSlots,
    /// The return addresses of calls, sorted; only of functions whose DWARF asks ([`Questions::call_sites`]).
    pub returns: Vec<CodeOffset>,
}

/// The stack slots that hold a function's values from the end of its prologue to its return.
#[derive(Clone, Default, Debug)]
pub struct DebugSlots {
    /// Those of locals, which are called homes, by index, and after them those of other values, in the order of the code. Locals that no
    /// debugger can ask about have none.
    pub slots: Vec<DebugSlot>,
    /// The ranges in which a local's value is elsewhere, as no location names it there: sorted, those of one local disjoint.
    pub gaps: Vec<(u32, Range<WasmPc>)>,
}

/// A value that is in a stack slot because a location names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DebugSlot {
    /// The value.
    pub value: SlotValue,
    /// The addresses at which the slot holds it, if nobody gets there but by the first: [`EVERYWHERE`] for a local.
    pub range: Range<WasmPc>,
    /// The slot.
    pub offset: FrameOffset,
    /// The value's type.
    pub ty: ValueType,
}

/// The value of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotValue {
    /// A local, by index.
    Local(u32),
    /// Another one.
    Kept(KeptValue),
}

impl DebugSlots {
    fn locals(&self) -> usize {
        let is_home = |slot: &DebugSlot| matches!(slot.value, SlotValue::Local(_));
        self.slots.partition_point(is_home)
    }

    /// The slots of locals.
    pub fn homes(&self) -> &[DebugSlot] {
        &self.slots[..self.locals()]
    }

    /// The slots of other values.
    pub fn kept(&self) -> &[DebugSlot] {
        &self.slots[self.locals()..]
    }

    /// The slot of a local.
    pub fn home(&self, local: u32) -> Option<&DebugSlot> {
        let homes = self.homes();
        let index = homes.binary_search_by_key(&Some(local), DebugSlot::local);
        index.ok().map(|index| &homes[index])
    }

    /// Returns true if a slot has its value at an address; where that is not known, if it always has.
    pub fn hold(&self, slot: &DebugSlot, at: Option<WasmPc>) -> bool {
        match (slot.local(), at) {
            (Some(local), Some(at)) => !self.is_gap(local, at),
            (Some(local), None) => !self.gaps.iter().any(|(it, _)| *it == local),
            (None, at) => at.is_some_and(|at| slot.range.contains(&at)),
        }
    }

    fn is_gap(&self, local: u32, at: WasmPc) -> bool {
        // The first of its gaps that ends behind the address.
        let gap = |(it, gap): &(u32, Range<WasmPc>)| *it < local || *it == local && gap.end <= at;
        let first = self.gaps.partition_point(gap);
        let found = self.gaps.get(first).filter(|(it, _)| *it == local);
        found.is_some_and(|(_, gap)| at >= gap.start)
    }
}

impl DebugSlot {
    /// The home of a local.
    pub fn home(local: u32, offset: FrameOffset, ty: ValueType) -> DebugSlot {
        DebugSlot {
            value: SlotValue::Local(local),
            range: EVERYWHERE,
            offset,
            ty,
        }
    }

    /// The local whose home it is.
    pub fn local(&self) -> Option<u32> {
        match self.value {
            SlotValue::Local(local) => Some(local),
            SlotValue::Kept(_) => None,
        }
    }

    /// Returns true if it holds a value that is no local.
    pub fn keeps(&self, value: KeptValue) -> bool {
        self.value == SlotValue::Kept(value)
    }
}

/// A value other than a local that is kept for locations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum KeptValue {
    /// A value of the operand stack, by its place, the bottom first.
    Operand(u32),
    /// A global as the function has it: callees may move the stack pointer on.
    Global(u32),
    /// The value of a parameter at entry.
    Entry(u32),
}

/// The place of a linear memory.
#[derive(Clone, Copy, Debug)]
pub struct MemoryPlace {
    /// Address of its first byte, which never moves while the instance lives.
    pub base: HostAddress,
    /// The type of the guest's addresses in it: [`ValueType::I32`], or [`ValueType::I64`] with memory64.
    pub address_type: ValueType,
}

/// A function that only passes calls on to another module's: debuggers step through it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forward {
    /// Its position among the defined functions.
    pub function: usize,
    /// The code that it calls.
    pub to: HostAddress,
}

/// The place of the heap of objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapPlace {
    /// The address that references are counted from, which never moves while the instance lives.
    pub base: HostAddress,
    /// The numbers that objects have for the entries of the module's type section.
    pub types: Vec<u32>,
}

/// The place and type of a global.
#[derive(Clone, Copy, Debug)]
pub struct GlobalPlace {
    /// Address of its 4, 8 or 16 bytes, little-endian.
    pub address: GlobalAddress,
    /// Its type.
    pub ty: ValueType,
}

/// The address of a global.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalAddress {
    /// Of the one instance whose code it is.
    Fixed(HostAddress),
    /// Of whichever instance a thread runs, of several that have the code.
    OfContext {
        /// Bytes from the address that [`CONTEXT_REGISTER`] holds.
        offset: u32,
        /// True if the global's address is there, and not the global.
        is_pointer: bool,
        /// The word by which a context is known.
        mark: ContextMark,
    },
}

/// A word that is in every context, and that is not where anything else in the register leads: in a frame of the host it may hold anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContextMark {
    /// Bytes from the beginning of the context.
    pub offset: u32,
    /// The word.
    pub value: u64,
}

/// The register that holds the running instance's context in all code that several instances have: r15 (System V ABI, x86-64, figure 3.36).
pub const CONTEXT_REGISTER: u8 = 15;

/// A wasm value type, as far as its bytes in a slot go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueType {
    /// 4 bytes.
    I32,
    /// 8 bytes.
    I64,
    /// 4 bytes, IEEE 754.
    F32,
    /// 8 bytes, IEEE 754.
    F64,
    /// 16 bytes.
    V128,
    /// A reference: 8 bytes of the runtime's own.
    Ref,
}

impl ValueType {
    /// All of them, by their numbers.
    pub const ALL: [ValueType; 6] = [
        ValueType::I32,
        ValueType::I64,
        ValueType::F32,
        ValueType::F64,
        ValueType::V128,
        ValueType::Ref,
    ];
}

/// The beginning of a statement in a line table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Statement {
    /// The address.
    pub pc: WasmPc,
    /// The line, from 1; 0 where the compiler names none.
    pub line: u32,
}

/// An operand that a location names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OperandQuestion {
    /// The address from which on it is named: the operand needs to be in a slot there.
    pub from: WasmPc,
    /// Its place in the operand stack, the bottom first.
    pub place: u32,
    /// The address up to which it is named.
    pub until: WasmPc,
    /// True if several locations name it from there on.
    pub is_shared: bool,
    /// True if only locations without a range name it, of scopes that begin there. LLVM says this of a variable that gets its value at
    /// the scope's beginning, as the last operand, or before it: then the place has something else, and nothing tells where it had
    /// the value (`validThroughout`).
    pub is_of_scope: bool,
}

/// The range of a location that says none.
pub const EVERYWHERE: Range<WasmPc> = WasmPc(0)..WasmPc(u32::MAX);

/// A local that a location of a variable names: in this range of addresses a debugger may write to it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NamedLocal {
    /// The address of the function that the local belongs to.
    pub function: WasmPc,
    /// The local's index.
    pub local: u32,
    /// The first address.
    pub from: WasmPc,
    /// The end, exclusive.
    pub until: WasmPc,
}

/// The requirements of a module's DWARF on the code, known before it is compiled.
#[derive(Clone, Default, Debug)]
pub struct Questions {
    /// Locals that a location or frame base names, with the address of the function that it belongs to: sorted, no
    /// duplicates. Only these need a home.
    pub locals: Vec<(WasmPc, u32)>,
    /// The ranges in which locations of variables name locals. Sorted; those of one local are disjoint.
    pub variables: Vec<NamedLocal>,
    /// Locals that are frame bases, with the address of the function that they belong to: sorted, no duplicates.
    pub frame_bases: Vec<(WasmPc, u32)>,
    /// The other values functions have to keep, by address: globals that are frame bases, parameters at entry. Sorted,
    /// no duplicates.
    pub kept: Vec<(WasmPc, KeptValue)>,
    /// Operands that locations name: sorted, each once.
    pub operands: Vec<OperandQuestion>,
    /// The addresses of call sites, sorted.
    pub call_sites: Vec<WasmPc>,
    /// Functions that native code would return a structure from in registers, by their addresses: sorted, no duplicates. The caller
    /// stores it, so that there is code of the call's line after the call.
    pub small_structures: Vec<WasmPc>,
    /// Addresses at which a line table starts a statement (is_stmt rows of live sequences): sorted, as often as there are
    /// statements. Each needs an instruction of its own, or its line cannot be stopped at.
    pub statements: Vec<Statement>,
    /// Code whose statements are instructions of wasm's: sorted, disjoint. Machine instructions may do the work of several of
    /// these, and each is to be stopped at.
    pub instructions: Vec<Range<WasmPc>>,
}
