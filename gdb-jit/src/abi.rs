//! The two symbols that debuggers look for, and the structures behind them, as GDB's manual states them ("JIT Compilation
//! Interface", "JIT Declarations").

use std::cell::UnsafeCell;

/// `JIT_NOACTION`.
pub const NO_ACTION: u32 = 0;
/// `JIT_REGISTER_FN`.
pub const REGISTER: u32 = 1;
/// `JIT_UNREGISTER_FN`.
pub const UNREGISTER: u32 = 2;

/// `struct jit_code_entry`: an image, in a doubly linked list.
#[repr(C)]
#[derive(Debug)]
pub struct CodeEntry {
    /// The next in the list.
    pub next: *mut CodeEntry,
    /// The one before.
    pub prev: *mut CodeEntry,
    /// The image.
    pub symfile_addr: *const u8,
    /// Its bytes.
    pub symfile_size: u64,
}

/// `struct jit_descriptor`: the list, and what is happening to it.
#[repr(C)]
pub struct Descriptor {
    /// Of the interface: 1.
    pub version: u32,
    /// One of the constants above.
    pub action_flag: u32,
    /// The entry that `action_flag` concerns.
    pub relevant_entry: *mut CodeEntry,
    /// The list.
    pub first_entry: *mut CodeEntry,
}

/// The descriptor as a static that changes.
#[repr(transparent)]
pub struct DescriptorCell(pub UnsafeCell<Descriptor>);

// SAFETY: `list` changes it under its lock; debuggers read it while the process is stopped.
unsafe impl Sync for DescriptorCell {}

/// The head of the list for debuggers. Debuggers set a breakpoint in the function below when they see this symbol.
#[used]
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "the name is the interface's")]
pub static __jit_debug_descriptor: DescriptorCell = DescriptorCell(UnsafeCell::new(Descriptor {
    version: 1,
    action_flag: NO_ACTION,
    relevant_entry: std::ptr::null_mut(),
    first_entry: std::ptr::null_mut(),
}));

/// Debuggers stop here to look at the descriptor. Calls must not be inlined or removed.
///
/// The assembly takes the descriptor's address, so that its fields are written before the call also when link-time
/// optimisation sees that nobody else reads them, and so that the body is unlike any other: folding of identical code
/// leaves it an address of its own.
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn __jit_debug_register_code() {
    // SAFETY: the template is a comment; as assembly with side effects it stays, and so do the writes before it.
    unsafe {
        std::arch::asm!("/* {} */", in(reg) __jit_debug_descriptor.0.get(), options(nostack, preserves_flags));
    }
}

/// Keeps the function in a binary that is linked with `--gc-sections`, even if its callers were all inlined into it.
#[used]
static KEEP: extern "C" fn() = __jit_debug_register_code;
