//! What can be imported and exported.

use super::context::AsContext;
use super::exception::Tag;
use super::func::Func;
use super::global::Global;
use super::memory::Memory;
use super::table::Table;
use crate::module::types::ExternType;

/// An item that can be imported and exported.
#[derive(Clone, Copy, Debug)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A global.
    Global(Global),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A tag.
    Tag(Tag),
}

impl Extern {
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

    /// The tag, if it is one.
    pub fn into_tag(self) -> Option<Tag> {
        if let Extern::Tag(tag) = self {
            Some(tag)
        } else {
            None
        }
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        match self {
            Extern::Func(func) => ExternType::Func(func.ty(store)),
            Extern::Global(global) => ExternType::Global(global.ty(store)),
            Extern::Table(table) => ExternType::Table(table.ty(store)),
            Extern::Memory(memory) => ExternType::Memory(memory.ty(store)),
            Extern::Tag(tag) => ExternType::Tag(tag.ty(store)),
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
into_extern!(Func Global Table Memory Tag);
