//! A call of one of the functions: its arguments, and what it works on.

use super::builder::WasiCtx;
use super::errno::Errno;
use super::memory::{GuestMemory, Span};
use super::snapshot::Snapshot;

/// The operands of a call: the context and the memory.
pub(crate) struct Call<'c, 'm> {
    /// The program's.
    pub ctx: &'c mut WasiCtx,
    /// The caller's.
    pub memory: &'c mut GuestMemory<'m>,
    /// The version of the interface.
    pub snapshot: Snapshot,
}

/// The arguments of a call, taken one after the other; those that the caller left out are zero.
pub(crate) struct Args<'a>(std::slice::Iter<'a, u64>);

impl<'a> Args<'a> {
    /// The arguments, each an `i64`, or an `i32` in the low half.
    pub fn new(values: &'a [u64]) -> Args<'a> {
        Args(values.iter())
    }

    /// The next, an `i64`.
    pub fn u64(&mut self) -> u64 {
        self.0.next().copied().unwrap_or(0)
    }

    /// The next, an `i32`.
    pub fn u32(&mut self) -> u32 {
        self.u64() as u32
    }

    /// The next two: a pointer and a length or count.
    pub fn span(&mut self) -> Span {
        Span {
            start: self.u32(),
            len: self.u32(),
        }
    }
}

/// The result of a function other than `proc_exit`: results go to guest memory.
pub(crate) type Done = Result<(), Errno>;
