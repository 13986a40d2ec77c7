//! Tables: an array reserved up to its maximum, all zero at first, whose elements get their first values when they are asked
//! for.

use super::context::{AsContext, AsContextMut};
use super::store::Stored;
use super::value::Val;
use crate::abi::layout::{INITIALIZED, VmTable};
use crate::error::{Error, Result};
use crate::module::types::{TableType, ValType};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::io;

/// Elements that are reserved for a table that names no maximum: it cannot grow beyond.
const DEFAULT_MAX: u64 = 10_000_000;

/// A table's elements; see [`VmTable`] for what they are.
pub struct TableElements {
    /// The fields that code reads.
    pub(crate) vm: Box<VmTable>,
    ty: TableType,
    capacity: u64,
}

impl TableElements {
    /// A table of elements that nobody has asked for.
    ///
    /// # Errors
    /// The system's.
    pub fn new(ty: TableType) -> io::Result<TableElements> {
        let capacity = ty
            .limits
            .max
            .unwrap_or(DEFAULT_MAX)
            .min(DEFAULT_MAX)
            .max(ty.limits.min);
        if capacity > u64::from(u32::MAX) {
            return Err(io::Error::other("indices have 32 bits"));
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

    /// Gives an element within the length its value.
    pub fn set(&mut self, index: u64, reference: u64) -> Option<()> {
        // SAFETY: as in `raw`.
        (index < self.vm.len)
            .then(|| unsafe { *self.vm.elements.add(index as usize) = reference | INITIALIZED })
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

/// A table of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table(pub(crate) Stored);

impl Table {
    /// A new table with all elements the same.
    ///
    /// # Errors
    /// Where the system does not give the memory, or the value is of another type.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Val) -> Result<Table> {
        if !matches!(
            ty.element,
            ValType::FuncRef | ValType::ExternRef | ValType::ExnRef
        ) {
            return Err(Error::Type(format!(
                "a table cannot hold values of type {}",
                ty.element
            )));
        }
        let core = store.core_mut();
        let reference = element(core, ty, init)?;
        let table = core.new_table(ty)?;
        for index in 0..ty.limits.min {
            core.table_mut(table).set(index, reference);
        }
        Ok(table)
    }

    /// Its type, with the size that it has now.
    pub fn ty(&self, store: impl AsContext) -> TableType {
        store.core().table(*self).ty()
    }

    /// Returns the number of its elements.
    pub fn size(&self, store: impl AsContext) -> u64 {
        store.core().table(*self).vm.len
    }

    /// An element; `None` beyond its end.
    pub fn get(&self, mut store: impl AsContextMut, index: u64) -> Option<Val> {
        let core = store.core_mut();
        let ty = core.table(*self).ty.element;
        let reference = core.table_element(*self, index)?;
        // SAFETY: elements are references of the store.
        Some(unsafe { Val::from_slot(u128::from(reference), ty, core) })
    }

    /// Assigns an element.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], or a value of another type.
    pub fn set(&self, mut store: impl AsContextMut, index: u64, value: Val) -> Result<()> {
        let core = store.core_mut();
        let reference = element(core, core.table(*self).ty, value)?;
        core.table_mut(*self)
            .set(index, reference)
            .ok_or(Error::OutOfBounds)
    }

    /// Grows it by elements of a value; its size before.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] beyond its maximum, or a value of another type.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, value: Val) -> Result<u64> {
        let core = store.core_mut();
        let reference = element(core, core.table(*self).ty, value)?;
        core.table_mut(*self)
            .grow(delta, reference)
            .ok_or(Error::OutOfBounds)
    }
}

fn element(core: &super::store::StoreCore, ty: TableType, value: Val) -> Result<u64> {
    if value.ty() != ty.element {
        return Err(Error::Type(format!(
            "a table of {} cannot hold a value of type {}",
            ty.element,
            value.ty()
        )));
    }
    Ok(value.to_slot(core)? as u64)
}
