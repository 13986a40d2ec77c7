//! Tables as the host uses them.

use crate::error::{Error, OutOfBounds, Result};
use crate::module::types::{TableType, ValType};
use crate::vm::context::{AsContext, AsContextMut};
use crate::vm::handle::Table;
use crate::vm::store::StoreCore;
use crate::vm::value::Val;

const ELEMENTS: &str = "elements of a table";

impl Table {
    /// A new table with all elements the same.
    ///
    /// # Errors
    /// Where the system does not give the memory, or the value is of another type.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Val) -> Result<Table> {
        if !matches!(ty.element, ValType::Ref(_)) {
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
        let ty = core.table(*self).ty().element;
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
        let reference = element(core, core.table(*self).ty(), value)?;
        core.note_unrecordable("a host function that sets an element of a table");
        let table = core.table_mut(*self);
        table
            .set(index, reference)
            .ok_or_else(|| OutOfBounds::of(ELEMENTS, index, 1, table.vm.len))
    }

    /// Grows it by elements of a value; its size before.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] beyond its maximum, or a value of another type.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, value: Val) -> Result<u64> {
        let core = store.core_mut();
        let reference = element(core, core.table(*self).ty(), value)?;
        core.note_unrecordable("a host function that grows a table");
        let grown = core.grow_table(*self, delta, reference)?;
        grown.ok_or_else(|| OutOfBounds::grown(ELEMENTS, core.table(*self).vm.len, delta))
    }
}

fn element(core: &StoreCore, ty: TableType, value: Val) -> Result<u64> {
    if !value.is_of(ty.element, core) {
        return Err(Error::Type(format!(
            "a table of {} cannot hold a value of type {}",
            ty.element,
            value.ty()
        )));
    }
    Ok(value.to_slot(core)? as u64)
}
