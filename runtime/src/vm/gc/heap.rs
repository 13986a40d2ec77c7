//! The runtime's side of a heap.

use super::space::Space;

/// A heap: it allocates objects, and may collect those that nobody refers to.
pub trait GcHeap: Send {
    /// The address space that objects are in.
    fn space(&self) -> &Space;

    /// The same, to write to.
    fn space_mut(&mut self) -> &mut Space;

    /// Allocates so many bytes, a multiple of 8, which are zeros; `None` where the heap is full.
    fn allocate(&mut self, size: u32) -> Option<u32>;

    /// Bytes from the base on that objects may be in.
    fn used(&self) -> u32;
}
