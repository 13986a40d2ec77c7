//! Objects of the heap: structures, arrays, and the words that refer to them.
//!
//! A reference to an internal or external object is a word of 32 bits, extended by zeros wherever a value has more:
//!
//! ```text
//! 0                       null
//! ...........1            a number of 31 bits (i31), above the lowest bit
//! ........000             an object: its distance from the heap's base
//! ........010             an object of the host: its number and one
//! ```
//! So conversions between internal and external references change nothing. An object is
//!
//! ```text
//! 0   the id of its type      (SharedTypeId)
//! 4   KIND_STRUCT or KIND_ARRAY, and bits that belong to the collector
//! 8   a structure's fields in order, each aligned to its size (to 8 at most)
//! 8   an array's length; its elements from 12 on, or from 16 on if they have 8 bytes or more
//! ```
//! References in objects are words of 32 bits, but for exceptions, whose handles have 64. A function is a number in a table of the
//! store: no object holds an address.

use crate::module::composite::{CompositeType, FieldType, StorageType, SubType};
use crate::module::reference::HeapType;
use crate::module::types::ValType;

/// The lowest bits of references that say what they refer to.
pub const TAG_MASK: i64 = 7;
/// The tag of the host's objects.
pub const TAG_HOST: i64 = 2;
/// The bit of a number of 31 bits.
pub const I31_BIT: i64 = 1;

/// The offset of an object's type.
pub const TYPE: i32 = 0;
/// The offset of an object's kind.
pub const KIND: i32 = 4;
/// The offset of an array's length.
pub const LENGTH: i32 = 8;
/// Bytes before the fields of a structure.
const HEADER: u32 = 8;

/// The bits of [`KIND`] that say what an object is.
pub const KIND_MASK: u32 = 3;
/// The bit of [`KIND`] by which the host has the object.
pub const PINNED: u32 = 4;
/// The bit of [`KIND`] that a collection marks what can be reached by.
pub const MARKED: u32 = 8;
/// A structure.
pub const KIND_STRUCT: u32 = 1;
/// An array.
pub const KIND_ARRAY: u32 = 2;

/// The layout of the objects of a type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ObjectLayout {
    /// The type has none: it is a function's.
    None,
    /// A structure.
    Struct {
        /// The type and the offset of each field.
        fields: Box<[(StorageType, u32)]>,
        /// Bytes of an object.
        size: u32,
    },
    /// An array.
    Array {
        /// The type of its elements.
        element: StorageType,
        /// Bytes of an element.
        size: u32,
        /// The offset of the first element.
        base: u32,
    },
}

impl ObjectLayout {
    /// The layout of the objects of a type. Subtypes have more fields behind the same ones, so theirs are at the same offsets.
    pub fn of(ty: &SubType) -> ObjectLayout {
        match &ty.composite {
            CompositeType::Func(_) => ObjectLayout::None,
            CompositeType::Struct(fields) => {
                let mut end = HEADER;
                let mut place = |field: &FieldType| {
                    let size = size(field.storage);
                    let offset = end.next_multiple_of(size.min(8));
                    end = offset + size;
                    (field.storage, offset)
                };
                let fields = fields.iter().map(&mut place).collect();
                let size = end.next_multiple_of(8);
                ObjectLayout::Struct { fields, size }
            }
            CompositeType::Array(element) => {
                let size = size(element.storage);
                ObjectLayout::Array {
                    element: element.storage,
                    size,
                    base: if size < 8 { 12 } else { 16 },
                }
            }
        }
    }

    /// Returns true if objects hold exceptions.
    pub fn holds_exceptions(&self) -> bool {
        let is_one = |storage: &StorageType| {
            matches!(storage, StorageType::Val(ValType::Ref(ty))
                if ty.heap_type().top() == Some(HeapType::Exn))
        };
        match self {
            ObjectLayout::None => false,
            ObjectLayout::Struct { fields, .. } => fields.iter().any(|(field, _)| is_one(field)),
            ObjectLayout::Array { element, .. } => is_one(element),
        }
    }

    /// Bytes of an object, of an array with so many elements.
    pub fn object_size(&self, len: u32) -> u64 {
        match self {
            ObjectLayout::None => 0,
            ObjectLayout::Struct { size, .. } => u64::from(*size),
            ObjectLayout::Array { size, base, .. } => {
                let elements = u64::from(*size) * u64::from(len);
                (u64::from(*base) + elements).next_multiple_of(8)
            }
        }
    }
}

/// Bytes of a field.
fn size(storage: StorageType) -> u32 {
    match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ValType::I32 | ValType::F32) => 4,
        StorageType::Val(ValType::I64 | ValType::F64) => 8,
        StorageType::Val(ValType::V128) => 16,
        StorageType::Val(ValType::Ref(ty)) => match ty.heap_type().top() {
            Some(HeapType::Exn) => 8,
            _ => 4,
        },
    }
}
