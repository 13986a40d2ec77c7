//! Types of references and of the objects that they are of, as an outline has them.
//!
//! ```text
//! (type $point (struct (field $x i32)))  DW_TAG_structure_type point, members at their offsets in the heap
//! (type $list (array i8))                DW_TAG_structure_type list: length, and elements of which no count is said
//! (ref $point)                           DW_TAG_pointer_type: 4 bytes, counted from the heap's base
//! (ref any), (ref func), ...             DW_TAG_typedef anyref, funcref, ...: the runtime's own word
//! ```
//! An object says its type by a number, so each type has other names for readers: `wasm_type_INDEX`, which becomes the number that
//! objects have, and `wasm_object_NAME`, by which a type of WebAssembly is known from one of C of the same name. Casts name it without `struct`. No other type of an outline
//! is a pointer or a structure.

use crate::code::ValueType;

/// The beginning of the name of a type by its number.
pub(crate) const TYPE_PREFIX: &str = "wasm_type_";
/// The beginning of the other name of a type.
pub(super) const OBJECT_PREFIX: &str = "wasm_object_";
/// Types of objects in units that are not the first, which has all: types name others, and those again others.
pub(super) const MOST_OBJECTS: usize = 200;
/// Bytes of a reference in an object, and of one that debuggers read of a local.
pub(crate) const REFERENCE_BYTES: u8 = 4;
/// The offset of an array's length.
pub(crate) const LENGTH_OFFSET: u64 = 8;
/// The offset of the number of an object's type.
pub(crate) const TYPE_OFFSET: u64 = 0;
/// The offset of an object's kind, in the lowest bits of its word: a structure or an array.
pub(crate) const KIND_OFFSET: u64 = 4;
/// The bits of a word that are the kind.
pub(crate) const KIND_MASK: u64 = 3;
/// The kind of structures.
pub(crate) const STRUCTURE: u64 = 1;
/// The kind of arrays.
pub(crate) const ARRAY: u64 = 2;

/// The type of a variable, a field or an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// A number or a vector.
    Value(ValueType),
    /// An integer of so many bytes, of which code sees 32 bits.
    Packed(u8),
    /// A reference to an object of a type, by the type's index.
    Object(u32),
    /// Another reference.
    Reference(Abstract),
}

/// A reference whose type says little of what it refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Abstract {
    /// The type's name in WebAssembly.
    pub name: &'static str,
    /// Bytes of one in an object.
    pub bytes: u8,
}

/// The type of objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectType {
    /// The type's index in the module.
    pub index: u32,
    /// An identifier of C's.
    pub name: String,
    /// The contents.
    pub contents: Contents,
}

/// The contents of objects of a type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Contents {
    /// A structure's.
    Fields {
        /// In their order.
        fields: Vec<Field>,
        /// Bytes of an object.
        bytes: u32,
    },
    /// An array's.
    Elements {
        /// The type of each.
        element: Type,
        /// The offset of the first.
        offset: u32,
    },
}

/// A field of a structure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// An identifier of C's.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its distance from the object's beginning.
    pub offset: u32,
}

impl From<ValueType> for Type {
    fn from(ty: ValueType) -> Type {
        Type::Value(ty)
    }
}
