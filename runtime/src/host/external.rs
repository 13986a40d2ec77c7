//! The types of what is imported and exported.

use crate::module::types::ExternType;
use crate::vm::context::AsContext;
use crate::vm::handle::Extern;

impl Extern {
    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        match self {
            Extern::Func(func) => ExternType::Func(func.ty(store)),
            Extern::Global(global) => ExternType::Global(global.ty(store)),
            Extern::Table(table) => ExternType::Table(table.ty(store)),
            Extern::Memory(memory) => ExternType::Memory(memory.ty(store)),
            Extern::SharedMemory(memory) => ExternType::Memory(memory.ty()),
            Extern::Tag(tag) => ExternType::Tag(tag.ty(store)),
        }
    }
}
