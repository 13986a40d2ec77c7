//! Unwinding through compiled code: the registers that a function saves, and the handlers of its calls.

use dwalin_debuginfo::address::CodeOffset;

/// The registers that guest code saves for its caller (System V ABI, x86-64, section 3.2.1), by their numbers in instructions, but
/// for the frame pointer, which is at a fixed place, and the pinned register, which handlers set.
pub const CALLEE_SAVED: [u8; 4] = [3, 12, 13, 14];

/// For each of [`CALLEE_SAVED`], how many words below the canonical frame address it is saved; 0 where it is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SavedRegisters(pub [u8; CALLEE_SAVED.len()]);

/// The place of a value while a call waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// So many bytes above the stack pointer.
    Stack(u32),
    /// In a register, by its position in [`CALLEE_SAVED`].
    Register(u32),
}

/// An item of a call's table, in the order in which they count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handler {
    /// The context of the instance whose tags the next items mean.
    Context(Place),
    /// Takes exceptions with a tag of the module, at an offset of the code.
    Tag(u32, CodeOffset),
    /// Takes all exceptions, and throws them on.
    Cleanup(CodeOffset),
    /// Takes all exceptions.
    All(CodeOffset),
}

/// A call with handlers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandledCall {
    /// The address it returns to.
    pub returns: CodeOffset,
    /// From the stack pointer, while the call waits, to the frame pointer.
    pub sp_to_fp: u32,
    /// Its table.
    pub handlers: Vec<Handler>,
}
