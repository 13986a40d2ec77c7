//! The memory layout that compiled code and the runtime share, in one place: repr(C) structures whose fields the compiler
//! addresses through `offset_of!`, and the variable part of an instance's context.
//!
//! ```text
//! VmContext of an instance
//!   VmContextHead
//!   memories            [VmMemoryRef]      16 bytes each, imports first
//!   tables              [*VmTable]          8 bytes each, imports first
//!   imported globals    [*u128]             8 bytes each
//!   imported functions  [*VmFuncRef]        8 bytes each
//!   function references [VmFuncRef]        32 bytes each, one for each of ModuleInfo::escaping, `code` null until asked for
//!   own globals         [u128]             16 bytes each, 16-aligned
//! ```
//! In guest code the pinned register holds the VmContext of the running function's instance (of the callee, when a function
//! is entered). It is callee-saved for the host.

use super::heap::ObjectLayout;
use crate::index::*;
use crate::module::ModuleInfo;
use cranelift_entity::EntityRef;
use std::mem::{offset_of, size_of};
use std::sync::atomic::AtomicU64;

/// The number of ticks at the start. No address is as large: so it is seen what of the two the pinned register holds.
pub const FIRST_TICK: u64 = 1 << 63;

/// The data that the compiled code of all instances of a store shares; at a fixed address while the store lives.
#[repr(C)]
pub struct VmStoreContext {
    /// The address of what says where the exceptions are (`vm/shown_exceptions.rs`). The first field: debuggers' scripts read it.
    pub exceptions: u64,
    /// Guest code traps with a stack overflow when the stack pointer is below.
    pub stack_limit: u64,
    /// The context of the instance that made the latest call out of its module: by import or by reference.
    pub caller: *mut VmContextHead,
    /// The frame pointer of the guest frame that called the host, or waits in a shared memory: where a walk from the host starts. 0 while
    /// none does.
    pub last_exit_fp: u64,
    /// The return address into that frame's code.
    pub last_exit_pc: u64,
    /// The base of the heap ([`super::heap`]); null before an instance has structures or arrays.
    pub heap: *mut u8,
    /// The engine's epoch, an atomic number.
    pub epoch: *const AtomicU64,
    /// The first epoch in which guest code is not to go on.
    pub epoch_deadline: u64,
    /// The fuel that is left; less than 0 where code took more than there was.
    pub fuel: i64,
    /// [`FIRST_TICK`], and the ticks so far in code that counts them; where the pinned register has that, not the last of them.
    pub ticks: u64,
    /// The tick at which it stops: the next field, for debuggers' servers.
    pub stop_at: u64,
    /// The host's address of the bytes whose writes code that watches tells of.
    pub watched: u64,
    /// Their number; 0 for none.
    pub watched_len: u64,
}

/// The part of a context that is the same for all instances; a host function's context starts with it too.
#[repr(C)]
pub struct VmContextHead {
    /// The store.
    pub store: *mut VmStoreContext,
    /// The runtime functions that code may call, in the order of [`Builtin`](super::builtin::Builtin).
    pub builtins: *const usize,
    /// The engine's id of each entry of the type section.
    pub type_ids: *const SharedTypeId,
    /// The instance that this is the context of, for the runtime alone; null in a host function's context.
    pub instance: *mut u8,
    /// The rows of supertypes of the engine's types ([`super::supertypes`]); null in a host function's context.
    pub supertypes: *const u32,
}

/// A memory as code sees it. The base never changes: memories grow in place or not at all.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct VmMemoryRef {
    /// Its first byte.
    pub base: *mut u8,
    /// Its size, which changes.
    pub memory: *mut VmMemory,
}

/// Bytes of the largest pages that systems map and protect on the machines that code is made for.
pub const SYSTEM_PAGE: u64 = 4096;

/// Bytes that 32-bit addresses reach. A memory that has as many reserved begins at a multiple of them.
pub const ADDRESS_SPACE: u64 = 1 << 32;

/// A memory.
#[repr(C)]
pub struct VmMemory {
    /// Its first byte.
    pub base: *mut u8,
    /// Its size in bytes, which only grows.
    pub len: AtomicU64,
}

/// A table. An element of a table of functions is 0 before it is first asked for (an active segment may have a function for it), otherwise
/// [`INITIALIZED`] or'ed with a reference: the address of a VmFuncRef, 0 for null. Elements of other tables are
/// references: handles of objects, 0 for null.
#[repr(C)]
pub struct VmTable {
    /// The first element, 8 bytes each. The array never moves: as large as the table's maximum is reserved.
    pub elements: *mut u64,
    /// The number of elements.
    pub len: u64,
}

/// Marks an element of a table of functions that has been given its value.
pub const INITIALIZED: u64 = 1;

/// A function that can be called from anywhere.
#[repr(C)]
pub struct VmFuncRef {
    /// Its code, in the guest's calling convention, with `context` in the pinned register.
    pub code: *const u8,
    /// For a function of a module: the trampoline from the array convention,
    /// `extern "C" fn(context, code, args_and_results: *mut u128, is_tail: u32)`. Null for a host function.
    pub array_to_wasm: *const u8,
    /// The VmContext of its instance, or its VmHostContext.
    pub context: *mut VmContextHead,
    /// Its type.
    pub type_id: SharedTypeId,
    /// 1 if the code follows the `tail` convention and is called otherwise than in the C convention; else 0.
    pub is_tail: u32,
}

/// The context of a host function: what `VmFuncRef::context` of one points to.
#[repr(C)]
pub struct VmHostContext {
    /// `instance` is null, `type_ids` and `builtins` may be null.
    pub head: VmContextHead,
    /// Called by the `wasm_to_array` trampoline with this context, the caller's context, and the arguments, which the
    /// results overwrite. Returns 0, or 1 after leaving an error with the store: the trampoline then calls
    /// `Builtin::Raise`, which does not return.
    pub call: extern "C" fn(*mut VmHostContext, *mut VmContextHead, *mut u128) -> u32,
    /// For the runtime alone.
    pub data: *mut u8,
}

/// The offsets of the variable parts of a module's VmContext.
#[derive(Clone, Debug)]
pub struct VmLayout {
    memories: u32,
    tables: u32,
    imported_globals: u32,
    imported_functions: u32,
    func_refs: u32,
    own_globals: u32,
    imported_global_count: usize,
    objects: Vec<ObjectLayout>,
    size: u32,
}

impl VmLayout {
    /// The layout for the instances of a module.
    pub fn new(module: &ModuleInfo) -> VmLayout {
        let memories = size_of::<VmContextHead>();
        let tables = memories + module.memories.len() * size_of::<VmMemoryRef>();
        let imported_globals = tables + module.tables.len() * 8;
        let imported_functions = imported_globals + module.imported_globals * 8;
        let func_refs = imported_functions + module.imported_functions * 8;
        let own_globals =
            (func_refs + module.escaping.len() * size_of::<VmFuncRef>()).next_multiple_of(16);
        let size = own_globals + (module.globals.len() - module.imported_globals) * 16;
        let fits = |offset: usize| {
            u32::try_from(offset).expect("wasmparser's limits keep a context small")
        };
        VmLayout {
            memories: fits(memories),
            tables: fits(tables),
            imported_globals: fits(imported_globals),
            imported_functions: fits(imported_functions),
            func_refs: fits(func_refs),
            own_globals: fits(own_globals),
            imported_global_count: module.imported_globals,
            objects: module.types.values().map(ObjectLayout::of).collect(),
            size: fits(size),
        }
    }

    /// Bytes of a context; it is to be 16-aligned.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The layout of the objects of an entry of the type section.
    pub fn object(&self, ty: TypeIndex) -> &ObjectLayout {
        &self.objects[ty.index()]
    }

    /// Offset of a memory's [`VmMemoryRef`].
    pub fn memory(&self, index: MemoryIndex) -> u32 {
        self.memories + (index.index() * size_of::<VmMemoryRef>()) as u32
    }

    /// Offset of a memory's base address.
    pub fn memory_base(&self, index: MemoryIndex) -> u32 {
        self.memory(index) + offset_of!(VmMemoryRef, base) as u32
    }

    /// Offset of the pointer to a memory's [`VmMemory`].
    pub fn memory_pointer(&self, index: MemoryIndex) -> u32 {
        self.memory(index) + offset_of!(VmMemoryRef, memory) as u32
    }

    /// Offset of the pointer to a table's [`VmTable`].
    pub fn table(&self, index: TableIndex) -> u32 {
        self.tables + index.index() as u32 * 8
    }

    /// Returns the location of a global's value.
    pub fn global(&self, index: GlobalIndex) -> GlobalLocation {
        match index.index().checked_sub(self.imported_global_count) {
            None => GlobalLocation::Pointer(self.imported_globals + index.index() as u32 * 8),
            Some(own) => GlobalLocation::Inline(self.own_globals + own as u32 * 16),
        }
    }

    /// Offset of the pointer to an imported function's [`VmFuncRef`].
    pub fn imported_function(&self, index: FuncIndex) -> u32 {
        self.imported_functions + index.index() as u32 * 8
    }

    /// Offset of the [`VmFuncRef`] at a position of `ModuleInfo::escaping`.
    pub fn func_ref(&self, slot: usize) -> u32 {
        self.func_refs + (slot * size_of::<VmFuncRef>()) as u32
    }
}

/// The location of a global's 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalLocation {
    /// At this offset in the context.
    Inline(u32),
    /// At the address that is at this offset in the context.
    Pointer(u32),
}
