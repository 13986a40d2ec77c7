//! The address space of a heap: what a reference of 32 bits reaches, and behind that as much as the largest structure has. Whatever number
//! is taken for a reference, its fields are in here.

use crate::abi::layout::VmFuncRef;
use rustix::mm::{
    Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap,
};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes that references reach.
const REACH: usize = 1 << 32;
/// Bytes before the base, which no reference reaches: the [`Head`] ends there.
const BEFORE: usize = 4096;
/// More than the bytes of a structure: it has at most 10,000 fields (of 16 bytes).
const BEHIND: usize = 1 << 20;

/// The functions that objects refer to by number, for debuggers, which find the heap by its base.
#[repr(C)]
pub struct Head {
    /// The first of their references.
    pub functions: *const *mut VmFuncRef,
    /// The number of them.
    pub count: u64,
}

/// A reserved range of addresses, of which the first bytes can be accessed.
pub struct Space {
    base: *mut u8,
    size: u32,
}

// SAFETY: the mapping belongs to this alone.
unsafe impl Send for Space {}

impl Space {
    /// Reserves a space with so many bytes to use: a multiple of the system's pages.
    ///
    /// # Errors
    /// The system's.
    pub fn new(size: u32) -> io::Result<Space> {
        let null = std::ptr::null_mut();
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping touches no memory that exists.
        let base =
            unsafe { mmap_anonymous(null, BEFORE + REACH + BEHIND, ProtFlags::empty(), flags)? };
        let space = Space {
            base: base.cast::<u8>().wrapping_add(BEFORE),
            size,
        };
        // SAFETY: the range is within the mapping that was just made.
        unsafe {
            mprotect(
                base,
                BEFORE + size as usize,
                MprotectFlags::READ | MprotectFlags::WRITE,
            )?;
        };
        Ok(space)
    }

    /// Tells debuggers of functions.
    pub fn set_head(&mut self, head: Head) {
        let place = self.base.wrapping_sub(size_of::<Head>()).cast::<Head>();
        // SAFETY: the page before the base is mapped, and only this writes to it.
        unsafe { place.write(head) };
    }

    /// The first byte.
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    /// Bytes that can be accessed.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Some bytes of it, if they can be accessed.
    pub fn bytes(&self, offset: u32, len: u32) -> Option<*mut u8> {
        let end = u64::from(offset) + u64::from(len);
        (end <= u64::from(self.size)).then(|| self.base.wrapping_add(offset as usize))
    }

    /// Makes bytes zeros; many by giving their pages back.
    pub fn clear(&mut self, offset: u32, len: u32) {
        const MANY: u32 = 256 << 10;
        const PAGE: usize = 4096;
        let Some(place) = self.bytes(offset, len) else {
            return;
        };
        let (start, end) = (place as usize, place as usize + len as usize);
        let pages = match len {
            MANY.. => start.next_multiple_of(PAGE)..end / PAGE * PAGE,
            _ => end..end,
        };
        let rest = [start..pages.start.min(end), pages.end..end];
        if !pages.is_empty() {
            let (first, len) = (place.wrapping_add(pages.start - start), pages.len());
            // SAFETY: the pages are of this mapping, and anonymous: they are zeros when they are touched again.
            let given = unsafe { madvise(first.cast(), len, Advice::LinuxDontNeed) };
            if given.is_err() {
                // SAFETY: as below.
                unsafe { first.write_bytes(0, len) };
            }
        }
        for piece in rest {
            // SAFETY: the bytes are mapped, and the store that they belong to is borrowed mutably.
            unsafe {
                let first = place.wrapping_add(piece.start - start);
                first.write_bytes(0, piece.len());
            }
        }
    }

    /// Sets bits of a word, which threads that only read the store may do at once.
    pub fn set_bits(&self, offset: u32, bits: u32) {
        if let Some(place) = self.bytes(offset, 4).filter(|_| offset.is_multiple_of(4)) {
            // SAFETY: the word is mapped as long as this is, and all that change it while the store is shared are here.
            let word = unsafe { AtomicU32::from_ptr(place.cast()) };
            word.fetch_or(bits, Ordering::Relaxed);
        }
    }

    /// Reads bytes; zeros beyond the end.
    pub fn read<const N: usize>(&self, offset: u32) -> [u8; N] {
        let place = self.bytes(offset, N as u32);
        // SAFETY: the bytes are mapped, and no guest runs while the store is borrowed.
        place.map_or([0; N], |place| unsafe {
            place.cast::<[u8; N]>().read_unaligned()
        })
    }

    /// Writes bytes; none beyond the end.
    pub fn write(&mut self, offset: u32, bytes: &[u8]) {
        if let Some(place) = self.bytes(offset, bytes.len() as u32) {
            // SAFETY: the bytes are mapped, and the store that they belong to is borrowed mutably.
            unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // SAFETY: the store is going, and with it all code that could reach the heap.
        let unmapped = unsafe {
            munmap(
                self.base.wrapping_sub(BEFORE).cast(),
                BEFORE + REACH + BEHIND,
            )
        };
        debug_assert!(unmapped.is_ok());
    }
}
