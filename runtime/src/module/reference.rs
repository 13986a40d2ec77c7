//! Reference types and heap types (WebAssembly 3.0, sections 2.3.3 to 2.3.5).

use crate::index::{SharedTypeId, TypeIndex};
use std::fmt;

/// The type of what a reference refers to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HeapType {
    /// Any function.
    Func,
    /// No function: the type of null among functions.
    NoFunc,
    /// Any object of the host, or a converted internal reference.
    Extern,
    /// The type of null among external references.
    NoExtern,
    /// Any exception.
    Exn,
    /// The type of null among exceptions.
    NoExn,
    /// Any internal reference.
    Any,
    /// An internal reference that `ref.eq` compares.
    Eq,
    /// A number of 31 bits.
    I31,
    /// Any structure.
    Struct,
    /// Any array.
    Array,
    /// The type of null among internal references.
    None,
    /// An entry of the type section of the module that this is part of.
    Defined(TypeIndex),
    /// A type of an engine, the same for all of its modules.
    Shared(SharedTypeId),
}

impl HeapType {
    /// The abstract type above all types that values of an abstract type can have.
    pub(crate) fn top(self) -> Option<HeapType> {
        match self {
            HeapType::Func | HeapType::NoFunc => Some(HeapType::Func),
            HeapType::Extern | HeapType::NoExtern => Some(HeapType::Extern),
            HeapType::Exn | HeapType::NoExn => Some(HeapType::Exn),
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::Array
            | HeapType::None => Some(HeapType::Any),
            HeapType::Defined(_) | HeapType::Shared(_) => None,
        }
    }

    /// Returns true if an abstract type is a subtype of another (section 3.3.3, "heap types").
    pub(crate) fn is_below(self, other: HeapType) -> bool {
        self == other
            || match self {
                HeapType::NoFunc => other == HeapType::Func,
                HeapType::NoExtern => other == HeapType::Extern,
                HeapType::NoExn => other == HeapType::Exn,
                HeapType::Eq => other == HeapType::Any,
                HeapType::I31 | HeapType::Struct | HeapType::Array => {
                    matches!(other, HeapType::Eq | HeapType::Any)
                }
                HeapType::None => other.top() == Some(HeapType::Any),
                _ => false,
            }
    }
}

/// As the text format writes it. A type of an engine has no name there: its number.
impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeapType::Func => "func",
            HeapType::NoFunc => "nofunc",
            HeapType::Extern => "extern",
            HeapType::NoExtern => "noextern",
            HeapType::Exn => "exn",
            HeapType::NoExn => "noexn",
            HeapType::Any => "any",
            HeapType::Eq => "eq",
            HeapType::I31 => "i31",
            HeapType::Struct => "struct",
            HeapType::Array => "array",
            HeapType::None => "none",
            HeapType::Defined(index) => return write!(f, "{}", index.as_u32()),
            HeapType::Shared(id) => return write!(f, "type{}", id.as_u32()),
        })
    }
}

/// The type of a reference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RefType {
    is_nullable: bool,
    heap_type: HeapType,
}

impl RefType {
    /// A function or null.
    pub const FUNCREF: RefType = RefType::new(true, HeapType::Func);
    /// A host object or null.
    pub const EXTERNREF: RefType = RefType::new(true, HeapType::Extern);
    /// An internal reference or null.
    pub const ANYREF: RefType = RefType::new(true, HeapType::Any);
    /// An exception or null.
    pub const EXNREF: RefType = RefType::new(true, HeapType::Exn);

    /// A reference to what a heap type describes; nullable, or not.
    pub const fn new(is_nullable: bool, heap_type: HeapType) -> RefType {
        RefType {
            is_nullable,
            heap_type,
        }
    }

    /// Returns true if null is one of its values.
    pub const fn is_nullable(&self) -> bool {
        self.is_nullable
    }

    /// The type of what it refers to.
    pub const fn heap_type(&self) -> HeapType {
        self.heap_type
    }
}

/// As the text format writes it: `funcref`, `(ref 3)`.
impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_nullable, self.heap_type) {
            (true, HeapType::NoFunc) => f.write_str("nullfuncref"),
            (true, HeapType::NoExtern) => f.write_str("nullexternref"),
            (true, HeapType::NoExn) => f.write_str("nullexnref"),
            (true, HeapType::None) => f.write_str("nullref"),
            (true, heap @ (HeapType::Defined(_) | HeapType::Shared(_))) => {
                write!(f, "(ref null {heap})")
            }
            (true, heap) => write!(f, "{heap}ref"),
            (false, heap) => write!(f, "(ref {heap})"),
        }
    }
}
