//! Shared memories as the host uses them: by copies, since guests on other threads may write at any time.

use super::memory::{beyond, check_type};
use crate::engine::Engine;
use crate::error::{Error, OutOfBounds, Result};
use crate::module::types::{ExternType, MemoryType};
use crate::vm::memory::LinearMemory;
use crate::vm::shared::SharedMemory;
use std::sync::Arc;

impl SharedMemory {
    /// A new memory, whose type is shared and has a maximum.
    ///
    /// # Errors
    /// A type that is not, and where the system does not give the address space.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<SharedMemory> {
        check_type(&ty)?;
        if !ty.shared || ty.limits.max.is_none() {
            return Err(Error::Type(format!(
                "a shared memory is shared and has a maximum: {}",
                ExternType::Memory(ty)
            )));
        }
        let memory = LinearMemory::of_engine(engine, ty, None)?;
        Ok(SharedMemory(Arc::new(memory)))
    }

    /// Its type, with the size that it has now.
    pub fn ty(&self) -> MemoryType {
        self.0.ty()
    }

    /// Its size in pages now.
    pub fn size(&self) -> u64 {
        self.0.ty().limits.min
    }

    /// Its size in bytes now.
    pub fn data_size(&self) -> usize {
        self.0.len() as usize
    }

    /// Copies bytes out of it.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let done = self.0.read(offset, buffer);
        done.ok_or_else(|| beyond(offset, buffer, self.data_size()))
    }

    /// Copies bytes into it.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<()> {
        let done = self.0.write(offset, buffer);
        done.ok_or_else(|| beyond(offset, buffer, self.data_size()))
    }

    /// Grows it by pages, for all who use it; its size before.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] beyond its maximum or what is reserved.
    pub fn grow(&self, pages: u64) -> Result<u64> {
        let grown = self.0.grow(pages);
        grown.ok_or_else(|| OutOfBounds::grown("pages of a memory", self.size(), pages))
    }
}
