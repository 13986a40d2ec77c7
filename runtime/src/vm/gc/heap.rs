//! The runtime's side of a heap.

use super::space::Space;
use crate::abi::heap::ObjectLayout;
use crate::index::SharedTypeId;
use std::collections::HashSet;
use std::sync::Arc;

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

    /// Returns true if objects should be collected before so many bytes are allocated, which are about to be.
    fn is_due(&mut self, _size: u64) -> bool {
        false
    }

    /// Frees the objects that cannot be reached. `roots` are words of which nothing is known, all references among them that there are
    /// outside of the heap. Returns the numbers of the host's objects that are referred to; `None` where nothing was freed.
    fn collect(
        &mut self,
        _roots: &mut dyn Iterator<Item = u64>,
        _types: &mut dyn Types,
    ) -> Option<HashSet<u32>> {
        None
    }
}

/// The types of objects, by their ids.
pub trait Types {
    /// The references that objects of a type have.
    fn references(&mut self, id: SharedTypeId) -> Arc<References>;
}

/// The references that objects of a type have to others.
pub struct References {
    /// The type's layout.
    pub layout: ObjectLayout,
    /// Offsets of words: of an array, that of its first element stands for all.
    pub words: Box<[u32]>,
}
