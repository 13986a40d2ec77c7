//! A heap that never frees: objects live as long as their store.

use super::heap::GcHeap;
use super::space::Space;
use std::io;

/// The place of the first object: 0 is null.
const FIRST: u32 = 8;

/// A heap that never frees.
pub struct NullHeap {
    space: Space,
    next: u32,
}

impl NullHeap {
    /// A heap of so many bytes at most.
    ///
    /// # Errors
    /// The system's.
    pub fn new(limit: u32) -> io::Result<NullHeap> {
        Ok(NullHeap {
            space: Space::new(limit)?,
            next: FIRST,
        })
    }
}

impl GcHeap for NullHeap {
    fn space(&self) -> &Space {
        &self.space
    }

    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }

    fn used(&self) -> u32 {
        self.next
    }

    fn allocate(&mut self, size: u32) -> Option<u32> {
        let object = self.next;
        let end = object.checked_add(size)?;
        if end > self.space.size() {
            return None;
        }
        self.next = end;
        // Memory of the system that was never used: zeros.
        Some(object)
    }
}
