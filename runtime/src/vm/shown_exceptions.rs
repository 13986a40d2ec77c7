//! The exceptions of a store as debuggers read them (`src/debugger/gdb/references.py`): a table in memory, since nothing is called in a
//! process that is debugged.
//!
//! ```text
//! VmStoreContext::exceptions ─→ address of the table · number of exceptions
//!                  exception:   handle · address of its tag, or 0 · address of its values, of 16 bytes each
//!                        tag:   address of its name · bytes of that · address of its values' types · number of values
//!                       type:   the byte for it in the binary format; `anyref` is any reference to objects
//! ```

use crate::module::reference::HeapType;
use crate::module::types::{FuncType, ValType};

/// A tag's name and types.
pub(crate) struct ShownTag {
    words: Box<[u64; 4]>,
    _name: Box<str>,
    _types: Box<[u8]>,
}

impl ShownTag {
    /// `is_function` tells whether a type that a module defines is a function's.
    pub fn new(name: &str, ty: &FuncType, is_function: impl Fn(HeapType) -> bool) -> ShownTag {
        let name: Box<str> = name.into();
        let types = ty.params().iter().map(|ty| code(*ty, &is_function));
        let types: Box<[u8]> = types.collect();
        let address = |bytes: &[u8]| bytes.as_ptr() as u64;
        ShownTag {
            words: Box::new([
                address(name.as_bytes()),
                name.len() as u64,
                address(&types),
                types.len() as u64,
            ]),
            _name: name,
            _types: types,
        }
    }

    fn address(&self) -> u64 {
        self.words.as_ptr() as u64
    }
}

/// The byte that a type is in the binary format.
fn code(ty: ValType, is_function: impl Fn(HeapType) -> bool) -> u8 {
    match ty {
        ValType::I32 => 0x7f,
        ValType::I64 => 0x7e,
        ValType::F32 => 0x7d,
        ValType::F64 => 0x7c,
        ValType::V128 => 0x7b,
        ValType::Ref(ty) => match ty.heap_type() {
            HeapType::Func | HeapType::NoFunc => 0x70,
            HeapType::Extern | HeapType::NoExtern => 0x6f,
            HeapType::Exn | HeapType::NoExn => 0x69,
            heap if is_function(heap) => 0x70,
            _ => 0x6e,
        },
    }
}

/// The table.
#[derive(Default)]
pub(crate) struct ShownExceptions {
    table: Vec<[u64; 3]>,
    words: Box<[u64; 2]>,
}

impl ShownExceptions {
    /// The address of what says where the table is; it stays the same.
    pub fn address(&self) -> u64 {
        self.words.as_ptr() as u64
    }

    pub fn add(&mut self, handle: u64, tag: Option<&ShownTag>, values: &[u128]) {
        let values = values.as_ptr() as u64;
        self.table
            .push([handle, tag.map_or(0, ShownTag::address), values]);
        self.tell();
    }

    /// Removes the exceptions with other handles.
    pub fn retain(&mut self, is_kept: impl Fn(u64) -> bool) {
        self.table.retain(|[handle, ..]| is_kept(*handle));
        self.tell();
    }

    fn tell(&mut self) {
        *self.words = [self.table.as_ptr() as u64, self.table.len() as u64];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_found_from_an_address_that_stays() {
        let tag = ShownTag::new(
            "oops",
            &FuncType::new([ValType::I32, ValType::F64], []),
            |_| false,
        );
        let mut shown = ShownExceptions::default();
        let address = shown.address();
        let values = [7];
        for handle in 1..=1000 {
            shown.add(handle, Some(&tag), &values);
        }
        shown.retain(|handle| handle == 900);
        assert_eq!(shown.address(), address);
        assert_eq!(shown.words[1], 1);
        assert_eq!(shown.words[0], shown.table.as_ptr() as u64);
        let expected = [900, tag.address(), values.as_ptr() as u64];
        assert_eq!(shown.table, [expected]);
        assert_eq!(*tag._types, [0x7f, 0x7c]);
    }
}
