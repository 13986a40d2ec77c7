//! Tables: an array reserved up to its maximum, all zero at first, whose elements get their first values when they are asked
//! for.

use crate::abi::layout::{INITIALIZED, VmTable};
use crate::module::types::TableType;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::io;

/// Elements that are reserved for a table that names no maximum: it cannot grow beyond.
const DEFAULT_MAX: u64 = 10_000_000;

/// A table's elements; see [`VmTable`] for what they are.
pub struct TableElements {
    /// The fields that code reads.
    pub(crate) vm: Box<VmTable>,
    ty: TableType,
    /// True if elements are given their first values when they are asked for: those of tables of functions.
    is_lazy: bool,
    capacity: u64,
}

impl TableElements {
    /// A table of elements that were not initialised yet.
    ///
    /// # Errors
    /// The system's.
    pub fn new(ty: TableType, is_lazy: bool) -> io::Result<TableElements> {
        let capacity = ty
            .limits
            .max
            .unwrap_or(DEFAULT_MAX)
            .min(DEFAULT_MAX)
            .max(ty.limits.min);
        if capacity > u64::from(u32::MAX) {
            return Err(io::Error::other(
                "no table has more than 4294967295 elements",
            ));
        }
        let bytes = (capacity as usize * 8).max(8);
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping touches no memory that exists.
        let elements = unsafe {
            mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                flags,
            )?
        };
        Ok(TableElements {
            vm: Box::new(VmTable {
                elements: elements.cast(),
                len: ty.limits.min,
            }),
            ty,
            is_lazy,
            capacity,
        })
    }

    /// Its type, with the size that it has now.
    pub fn ty(&self) -> TableType {
        let mut ty = self.ty;
        ty.limits.min = self.vm.len;
        ty
    }

    /// The element as it is in memory, within the length.
    pub fn raw(&self, index: u64) -> Option<u64> {
        // SAFETY: elements below the length are mapped, and the store that this is part of is borrowed.
        (index < self.vm.len).then(|| unsafe { *self.vm.elements.add(index as usize) })
    }

    /// An element's reference, within the length; `None` where it has not been given its value either.
    pub fn get(&self, index: u64) -> Option<u64> {
        match (self.raw(index)?, self.is_lazy) {
            (0, true) => None,
            (raw, true) => Some(raw & !INITIALIZED),
            (raw, false) => Some(raw),
        }
    }

    /// Gives an element within the length its value.
    pub fn set(&mut self, index: u64, reference: u64) -> Option<()> {
        let mark = if self.is_lazy { INITIALIZED } else { 0 };
        // SAFETY: as in `raw`.
        (index < self.vm.len)
            .then(|| unsafe { *self.vm.elements.add(index as usize) = reference | mark })
    }

    /// Grows by elements of a value; the size before.
    pub fn grow(&mut self, delta: u64, reference: u64) -> Option<u64> {
        let before = self.vm.len;
        let after = before
            .checked_add(delta)
            .filter(|after| *after <= self.capacity)?;
        self.vm.len = after;
        for index in before..after {
            self.set(index, reference);
        }
        Some(before)
    }
}

impl Drop for TableElements {
    fn drop(&mut self) {
        // SAFETY: the store is going, and with it all code that could reach the table.
        let unmapped =
            unsafe { munmap(self.vm.elements.cast(), (self.capacity as usize * 8).max(8)) };
        debug_assert!(unmapped.is_ok());
    }
}
