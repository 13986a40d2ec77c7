//! The array of supertypes that code of all modules reads while others are added: it is reserved as a whole, and never moves.

use crate::abi::supertypes::{BEHIND, ID_BITS, SHORT};
use crate::index::SharedTypeId;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

const WORDS: usize = 1 << ID_BITS;
const BYTES: usize = (WORDS + BEHIND) * 4;

/// Rows as `abi/supertypes.rs` has them.
pub struct Rows {
    /// Null where the system gives no addresses: there is room for no row then.
    words: *mut u32,
    used: usize,
}

// SAFETY: the mapping belongs to this alone, and words that were written once do not change.
unsafe impl Send for Rows {}

impl Default for Rows {
    fn default() -> Rows {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        let null = std::ptr::null_mut();
        // SAFETY: a new mapping touches no memory that exists.
        let words =
            unsafe { mmap_anonymous(null, BYTES, ProtFlags::READ | ProtFlags::WRITE, flags) };
        Rows {
            words: words.map_or(null, |words| words).cast(),
            // No type has the id 0.
            used: 1,
        }
    }
}

impl Rows {
    /// The first word.
    pub fn as_ptr(&self) -> *const u32 {
        self.words
    }

    /// Adds a type with those above it, the topmost first; its id, or `None` where there is no room.
    pub fn add(&mut self, above: &[SharedTypeId]) -> Option<SharedTypeId> {
        let room = (above.len() as u32 + 1).max(SHORT) as usize;
        let first = self.used;
        let end = first + 1 + room;
        if self.words.is_null() || end > WORDS {
            return None;
        }
        self.used = end;
        let own = [SharedTypeId::from_u32(first as u32)];
        let ids = above.iter().chain(&own).map(|id| id.as_u32());
        let words = std::iter::once(above.len() as u32).chain(ids);
        for (word, place) in words.zip(first..end) {
            // SAFETY: the place is within the mapping, and no code knows the id yet.
            unsafe { self.words.add(place).write(word) };
        }
        Some(own[0])
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if self.words.is_null() {
            return;
        }
        // SAFETY: the engine goes last: stores and modules, whose code reads the rows, have it.
        let unmapped = unsafe { munmap(self.words.cast(), BYTES) };
        debug_assert!(unmapped.is_ok());
    }
}
