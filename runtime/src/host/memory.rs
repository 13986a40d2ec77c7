//! Memories as the host uses them.

use crate::error::{Error, OutOfBounds, Result};
use crate::module::types::MemoryType;
use crate::vm::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::vm::handle::Memory;

/// Refuses types of memories that there are none of.
pub(super) fn check_type(ty: &MemoryType) -> Result<()> {
    match ty.page_size_log2 {
        0 | MemoryType::PAGE_SIZE_LOG2 => Ok(()),
        log2 => Err(Error::Type(format!(
            "a memory's pages have 1 or 65536 bytes, not 2 to the power of {log2}"
        ))),
    }
}

impl Memory {
    /// A new memory.
    ///
    /// # Errors
    /// Where the system does not give the address space, or no memory has pages of that size.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        check_type(&ty)?;
        if ty.shared {
            return Err(Error::Type(
                "a memory that threads share is a SharedMemory".to_owned(),
            ));
        }
        store.core_mut().new_memory(ty, None)
    }

    /// Its type, with the size that it has now.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        store.core().memory(*self).ty()
    }

    /// Its size in pages, of 64 KiB unless its type names another size.
    pub fn size(&self, store: impl AsContext) -> u64 {
        store.core().memory(*self).ty().limits.min
    }

    /// Its size in bytes.
    pub fn data_size(&self, store: impl AsContext) -> usize {
        store.core().memory(*self).len() as usize
    }

    /// Its bytes.
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        // SAFETY: the store is borrowed for as long as the slice, so no guest runs and nobody writes.
        unsafe { &*store.into().0.core.memory(*self).bytes() }
    }

    /// Its bytes, to write.
    pub fn data_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> &'a mut [u8] {
        let core = &mut store.into().0.core;
        core.note_access(*self);
        // SAFETY: the store is borrowed mutably for as long as the slice.
        unsafe { &mut *core.memory(*self).bytes() }
    }

    /// Copies bytes out of it.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn read(&self, store: impl AsContext, offset: usize, buffer: &mut [u8]) -> Result<()> {
        // SAFETY: the store is borrowed, and the slice is gone before it can be used again.
        let bytes = unsafe { &*store.core().memory(*self).bytes() };
        let end = offset.checked_add(buffer.len());
        let within = end.and_then(|end| bytes.get(offset..end));
        buffer.copy_from_slice(within.ok_or_else(|| beyond(offset, buffer, bytes.len()))?);
        Ok(())
    }

    /// Copies bytes into it.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn write(&self, mut store: impl AsContextMut, offset: usize, buffer: &[u8]) -> Result<()> {
        let core = store.core_mut();
        // SAFETY: as in `read`, and the store is borrowed mutably.
        let bytes = unsafe { &mut *core.memory(*self).bytes() };
        let (end, len) = (offset.checked_add(buffer.len()), bytes.len());
        let within = end.and_then(|end| bytes.get_mut(offset..end));
        within
            .ok_or_else(|| beyond(offset, buffer, len))?
            .copy_from_slice(buffer);
        core.note_write(*self, offset as u64, buffer.len() as u64);
        Ok(())
    }

    /// Grows it by pages; its size before.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] beyond its maximum or what is reserved.
    pub fn grow(&self, mut store: impl AsContextMut, pages: u64) -> Result<u64> {
        let core = store.core_mut();
        core.note_unrecordable("a host function that grows a memory");
        let grown = core.grow_memory(*self, pages)?;
        grown.ok_or_else(|| OutOfBounds::grown("pages of a memory", self.size(&store), pages))
    }
}

/// An access of bytes beyond a memory's end.
pub(super) fn beyond(offset: usize, buffer: &[u8], size: usize) -> Error {
    let what = "bytes of a memory";
    OutOfBounds::of(what, offset as u64, buffer.len() as u64, size as u64)
}
