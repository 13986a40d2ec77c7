//! The addresses that only an instance has.

use dwalin_debuginfo::address::HostAddress;
use dwalin_debuginfo::code::{GlobalPlace, PointerCode};

/// The facts that only an instance knows: the addresses of its memories and globals.
#[derive(Debug)]
pub struct Places {
    /// The base of each memory.
    pub memories: Vec<HostAddress>,
    /// Each global.
    pub globals: Vec<GlobalPlace>,
    /// The code by which lldb follows pointers in the first memory.
    pub pointer_code: Option<PointerCode>,
}
