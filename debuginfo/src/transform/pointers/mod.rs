//! Guest pointers, 4 bytes (8 with memory64) that are offsets in linear memory, for debuggers that believe in 8-byte addresses: a
//! [model](PointerModel) for each debugger.

mod c_types;
mod dimension;
mod dynamic;
mod function;
mod gdb;
mod lldb;
mod made;
mod member_pointer;
mod model;
mod pointee;
mod qualifier;
mod virtual_base;
mod virtual_end;
mod wrapper;

pub(super) use function::unit as function_unit;
pub(super) use model::{PointerModel, native_value};

use super::context::Context;
use crate::code::Flavor;

/// The model of the debugger that the DWARF is for.
pub(super) fn pointer_model<'a, 'd>(cx: &Context<'_, 'a, 'd>) -> Box<dyn PointerModel<'a, 'd>> {
    match cx.flavor() {
        Flavor::Gdb => Box::new(gdb::Gdb::new(cx)),
        Flavor::Lldb => Box::new(lldb::Lldb::new(cx)),
    }
}
