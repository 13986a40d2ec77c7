//! The addresses that only an instance has.

use dwalin_debuginfo::address::HostAddress;
use dwalin_debuginfo::code::{Forward, GlobalPlace, HeapPlace, MemoryPlace, PointerCode};

/// The facts that only an instance knows: the addresses of its memories and globals.
#[derive(Debug)]
pub struct Places {
    /// Each memory.
    pub memories: Vec<MemoryPlace>,
    /// Each global.
    pub globals: Vec<GlobalPlace>,
    /// The heap, if the module has objects.
    pub heap: Option<HeapPlace>,
    /// The instance's context, if the module has exceptions.
    pub context: Option<HostAddress>,
    /// The functions that only pass calls on, to code of other instances.
    pub forwards: Vec<Forward>,
    /// The code by which lldb follows pointers in the first memory.
    pub pointer_code: Option<PointerCode>,
}
