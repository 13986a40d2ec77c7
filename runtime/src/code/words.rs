//! Memory for the words of an instance, at an address that is chosen.

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::io;
use std::ptr::NonNull;

/// Zeroed words at a chosen address.
#[derive(Debug)]
pub struct Words {
    start: NonNull<u128>,
    count: usize,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Words {}
// SAFETY: shared references give nothing but the address.
unsafe impl Sync for Words {}

impl Words {
    /// Maps words.
    ///
    /// # Errors
    /// The system's; `EEXIST` where something is there.
    pub fn at(address: usize, count: usize) -> io::Result<Words> {
        let flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE;
        // SAFETY: a mapping at free addresses touches no memory that exists.
        let start = unsafe {
            mmap_anonymous(
                address as *mut _,
                count.max(1) * size_of::<u128>(),
                ProtFlags::READ | ProtFlags::WRITE,
                flags,
            )?
        };
        Ok(Words {
            start: NonNull::new(start.cast()).expect("a mapping is not at address 0"),
            count,
        })
    }

    /// The first word.
    pub fn as_ptr(&self) -> *mut u128 {
        self.start.as_ptr()
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        let len = self.count.max(1) * size_of::<u128>();
        // SAFETY: nothing refers to the words any longer: whoever has their address owns this.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), len) };
        debug_assert!(unmapped.is_ok());
    }
}
