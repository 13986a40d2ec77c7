//! Pages: the only place that maps memory for code and artifacts and changes what may be done with it.

use crate::abi::layout::SYSTEM_PAGE;
use rustix::fd::{AsFd, OwnedFd};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};
use std::io;
use std::ops::{Deref, Range};
use std::ptr::NonNull;

/// A private, read-only mapping of a file; what a debugger writes into it stays in this process.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone, and nothing writes to it through it.
unsafe impl Send for Mapping {}
// SAFETY: as above: shared references only read.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps a range of a file that begins at a page.
    ///
    /// # Errors
    /// The system's.
    pub fn of_file(file: impl AsFd, range: Range<usize>) -> io::Result<Mapping> {
        Mapping::new(std::ptr::null_mut(), MapFlags::PRIVATE, file, range)
    }

    /// Maps a range of a file that begins at a page at an address. A system that does not know the flag may choose another.
    ///
    /// # Errors
    /// The system's; `EEXIST` where something is there.
    pub fn of_file_at(address: usize, file: impl AsFd, range: Range<usize>) -> io::Result<Mapping> {
        let flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE;
        Mapping::new(address as *mut _, flags, file, range)
    }

    fn new(
        address: *mut std::ffi::c_void,
        flags: MapFlags,
        file: impl AsFd,
        range: Range<usize>,
    ) -> io::Result<Mapping> {
        let (len, offset) = (range.len(), range.start as u64);
        // SAFETY: a new mapping at an address of the system's choice, or at free addresses, touches no memory that exists.
        let start = unsafe { mmap(address, len.max(1), ProtFlags::READ, flags, file, offset)? };
        Ok(Mapping {
            start: NonNull::new(start.cast()).expect("a mapping is not at address 0"),
            len,
        })
    }

    /// Writes into pages that are executable, and not shared: `bytes` at `offset`.
    ///
    /// # Errors
    /// The system's.
    pub fn patch(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let page = SYSTEM_PAGE as usize;
        let start = offset / page * page;
        let len = offset + bytes.len() - start;
        assert!(offset + bytes.len() <= self.len);
        let protect = |flags| {
            // SAFETY: the pages are of this mapping; nobody runs the code in them or reads them meanwhile.
            unsafe { mprotect(self.start.as_ptr().add(start).cast(), len, flags) }
        };
        protect(MprotectFlags::READ | MprotectFlags::WRITE)?;
        // SAFETY: the bytes are in the mapping, which is private and writable now.
        unsafe {
            let to = self.start.as_ptr().add(offset);
            to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        protect(MprotectFlags::READ | MprotectFlags::EXEC)?;
        Ok(())
    }

    /// Puts a copy of executable pages into their place that is of no file.
    ///
    /// # Errors
    /// The system's.
    pub fn leave_file(&self, pages: Range<usize>) -> io::Result<()> {
        let bytes = self[pages.start..pages.end.min(self.len)].to_vec();
        assert!(pages.end <= self.len.next_multiple_of(SYSTEM_PAGE as usize));
        // SAFETY: the pages are of this mapping, and nobody runs the code in them or reads them meanwhile; afterwards they are
        // as they were.
        unsafe {
            let start = self.start.as_ptr().add(pages.start);
            let (write, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
            mmap_anonymous(start.cast(), pages.len(), write, flags | MapFlags::FIXED)?;
            start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.make_executable(pages)
    }

    /// Makes whole pages executable.
    ///
    /// # Errors
    /// The system's.
    pub fn make_executable(&self, pages: Range<usize>) -> io::Result<()> {
        assert!(
            pages.start <= pages.end
                && pages.end <= self.len.next_multiple_of(SYSTEM_PAGE as usize)
        );
        // SAFETY: the pages are of this mapping, and reading them stays possible.
        unsafe {
            mprotect(
                self.start.as_ptr().add(pages.start).cast(),
                pages.len(),
                MprotectFlags::READ | MprotectFlags::EXEC,
            )?;
        };
        Ok(())
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping is `len` readable bytes until `self` is dropped.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nothing refers to the mapping any longer: references to its bytes borrow `self`, and whoever runs code in
        // it owns the PlacedCode that owns it.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.len.max(1)) };
        debug_assert!(unmapped.is_ok());
    }
}

/// A file without a name that holds `bytes`, so that code made just now is mapped as code from a file is.
///
/// # Errors
/// The system's.
pub fn memory_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let file = rustix::fs::memfd_create("dwalin", rustix::fs::MemfdFlags::CLOEXEC)?;
    write_all(&file, bytes)?;
    Ok(file)
}

/// Writes all of `bytes`.
///
/// # Errors
/// The system's.
pub fn write_all(file: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::write(&file, bytes)?;
        bytes = &bytes[written..];
    }
    Ok(())
}
