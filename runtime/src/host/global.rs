//! Globals as the host uses them: 16 bytes at a fixed address, in an instance's context or, when the host made them, in the store.

use crate::error::{Error, Result};
use crate::module::types::{GlobalType, Mutability, ValType};
use crate::vm::context::{AsContext, AsContextMut};
use crate::vm::handle::Global;
use crate::vm::value::Val;

impl Global {
    /// A new global.
    ///
    /// # Errors
    /// Where the value is not of the type.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global> {
        if !value.is_of(ty.content, store.core()) {
            return Err(Error::Type(format!(
                "a global of type {} cannot hold a value of type {}",
                ty.content,
                value.ty()
            )));
        }
        let core = store.core_mut();
        let slot = value.to_slot(core)?;
        Ok(core.new_global(ty, slot))
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        store.core().check_owner(self.store);
        self.ty
    }

    /// Its value.
    pub fn get(&self, store: impl AsContext) -> Val {
        let core = store.core();
        core.check_owner(self.store);
        // SAFETY: the cell lives as long as the store, and holds a value of its type.
        unsafe { Val::from_slot(*self.cell.as_ptr(), self.ty.content, core) }
    }

    /// Assigns it.
    ///
    /// # Errors
    /// Where it is constant or of another type.
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<()> {
        let core = store.core_mut();
        core.check_owner(self.store);
        if self.ty.mutability == Mutability::Const || !value.is_of(self.ty.content, core) {
            return Err(Error::Type(format!(
                "cannot assign a value of type {} to a global of type {:?}",
                value.ty(),
                self.ty
            )));
        }
        // SAFETY: the cell lives as long as the store, which is borrowed mutably.
        unsafe { *self.cell.as_ptr() = value.to_slot(core)? };
        match self.ty.content {
            ValType::Ref(_) => core.note_unrecordable("a host function that sets a reference"),
            _ => core.note_global(*self),
        }
        Ok(())
    }
}
