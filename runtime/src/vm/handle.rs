//! Handles to what a store owns: which store, and where in it. Their methods are in `host/`.

use super::shared::SharedMemory;
use crate::abi::layout::VmFuncRef;
use crate::error::{Error, Result};
use crate::module::types::GlobalType;
use std::ptr::NonNull;

/// Something that a store owns: which store, and where in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stored {
    pub(crate) store: u64,
    pub(crate) index: usize,
}

/// A linear memory of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory(pub(crate) Stored);

/// A table of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table(pub(crate) Stored);

/// A global of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Global {
    pub(crate) store: u64,
    pub(crate) cell: NonNull<u128>,
    pub(crate) ty: GlobalType,
}

// SAFETY: the cell is reached only through the store that it belongs to, which methods check.
unsafe impl Send for Global {}
// SAFETY: as above.
unsafe impl Sync for Global {}

/// A function of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Func {
    pub(crate) store: u64,
    pub(crate) reference: *mut VmFuncRef,
}

// SAFETY: the reference is followed only with the store that it belongs to at hand, which methods check.
unsafe impl Send for Func {}
// SAFETY: as above.
unsafe impl Sync for Func {}

impl Func {
    pub(crate) fn from_reference(reference: *mut VmFuncRef, store: u64) -> Option<Func> {
        (!reference.is_null()).then_some(Func { store, reference })
    }

    /// The pointer that guests of a store hold.
    pub(crate) fn reference(&self, store: u64) -> Result<*mut VmFuncRef> {
        if self.store != store {
            return Err(Error::Type(
                "the function belongs to another store".to_owned(),
            ));
        }
        Ok(self.reference)
    }
}

/// A host object that a guest can hold and pass on. It lives as long as its store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternRef {
    pub(crate) store: u64,
    /// The word that guests hold (`abi/heap.rs`).
    pub(crate) word: u32,
}

/// An internal reference: a structure or an array of a store, a number of 31 bits, or an external reference that was converted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnyRef {
    pub(crate) store: u64,
    /// The word that guests hold (`abi/heap.rs`).
    pub(crate) word: u32,
}

/// A structure of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StructRef(pub(crate) AnyRef);

/// An array of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayRef(pub(crate) AnyRef);

/// A tag of a store: the kind of an exception, and the types of the values that it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag(pub(crate) Stored);

/// An exception of a store, as a value. It lives as long as its store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExnRef {
    pub(crate) store: u64,
    pub(crate) handle: u64,
}

/// An item that can be imported and exported.
#[derive(Clone, Debug)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A global.
    Global(Global),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A memory that threads share.
    SharedMemory(SharedMemory),
    /// A tag.
    Tag(Tag),
}

impl Extern {
    /// The store that it belongs to; none for a shared memory.
    pub(crate) fn store(&self) -> Option<u64> {
        Some(match self {
            Extern::Func(func) => func.store,
            Extern::Global(global) => global.store,
            Extern::Table(Table(stored))
            | Extern::Memory(Memory(stored))
            | Extern::Tag(Tag(stored)) => stored.store,
            Extern::SharedMemory(_) => return None,
        })
    }

    /// The function, if it is one.
    pub fn into_func(self) -> Option<Func> {
        if let Extern::Func(func) = self {
            Some(func)
        } else {
            None
        }
    }

    /// The global, if it is one.
    pub fn into_global(self) -> Option<Global> {
        if let Extern::Global(global) = self {
            Some(global)
        } else {
            None
        }
    }

    /// The table, if it is one.
    pub fn into_table(self) -> Option<Table> {
        if let Extern::Table(table) = self {
            Some(table)
        } else {
            None
        }
    }

    /// The memory, if it is one.
    pub fn into_memory(self) -> Option<Memory> {
        if let Extern::Memory(memory) = self {
            Some(memory)
        } else {
            None
        }
    }

    /// The shared memory, if it is one.
    pub fn into_shared_memory(self) -> Option<SharedMemory> {
        if let Extern::SharedMemory(memory) = self {
            Some(memory)
        } else {
            None
        }
    }

    /// The tag, if it is one.
    pub fn into_tag(self) -> Option<Tag> {
        if let Extern::Tag(tag) = self {
            Some(tag)
        } else {
            None
        }
    }
}

macro_rules! into_extern {
    ($($ty:ident)*) => {$(
        impl From<$ty> for Extern {
            fn from(item: $ty) -> Extern {
                Extern::$ty(item)
            }
        }
    )*};
}
into_extern!(Func Global Table Memory SharedMemory Tag);
