//! Entries of the type section: functions, structures and arrays with their declared supertypes (WebAssembly 3.0, sections 2.3.8 to
//! 2.3.10).

use super::reference::HeapType;
use super::types::{FuncType, Mutability, ValType};

/// The type of a field's bytes in an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StorageType {
    /// 8 bits of an i32.
    I8,
    /// 16 bits of an i32.
    I16,
    /// A value.
    Val(ValType),
}

/// The type of a field of a structure, or of the elements of an array.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldType {
    /// The type of its bytes.
    pub storage: StorageType,
    /// True if it can be assigned.
    pub mutability: Mutability,
}

/// The description that an entry of the type section is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CompositeType {
    /// A function.
    Func(FuncType),
    /// A structure, by its fields.
    Struct(Box<[FieldType]>),
    /// An array, by its elements.
    Array(FieldType),
}

/// An entry of the type section.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SubType {
    /// True if no type can declare it as its supertype.
    pub is_final: bool,
    /// The declared supertype.
    pub supertype: Option<HeapType>,
    /// The number of types above it.
    pub depth: u32,
    /// The function, structure or array.
    pub composite: CompositeType,
}

impl SubType {
    /// A function type as version 2 has them: final, without a supertype.
    pub fn of_function(ty: FuncType) -> SubType {
        SubType {
            is_final: true,
            supertype: None,
            depth: 0,
            composite: CompositeType::Func(ty),
        }
    }

    /// The function type, if it is one.
    pub fn function(&self) -> Option<&FuncType> {
        match &self.composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// The abstract type that is next above all types like it.
    pub fn kind(&self) -> HeapType {
        match &self.composite {
            CompositeType::Func(_) => HeapType::Func,
            CompositeType::Struct(_) => HeapType::Struct,
            CompositeType::Array(_) => HeapType::Array,
        }
    }

    /// The same with other heap types in place of those in it.
    pub(crate) fn map(&self, map: &impl Fn(HeapType) -> HeapType) -> SubType {
        let field = |field: &FieldType| FieldType {
            storage: match field.storage {
                StorageType::Val(ty) => StorageType::Val(ty.map(map)),
                packed => packed,
            },
            ..*field
        };
        SubType {
            is_final: self.is_final,
            supertype: self.supertype.map(map),
            depth: self.depth,
            composite: match &self.composite {
                CompositeType::Func(ty) => CompositeType::Func(ty.map(map)),
                CompositeType::Struct(fields) => {
                    CompositeType::Struct(fields.iter().map(field).collect())
                }
                CompositeType::Array(element) => CompositeType::Array(field(element)),
            },
        }
    }
}
