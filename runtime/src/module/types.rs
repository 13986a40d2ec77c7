//! Value, function and object types (WebAssembly 3.0, section 2.3).

use super::reference::{HeapType, RefType};
use std::fmt;

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit IEEE 754 number.
    F32,
    /// 64-bit IEEE 754 number.
    F64,
    /// 128 bits, in lanes of any width.
    V128,
    /// A reference.
    Ref(RefType),
}

impl ValType {
    /// A function or null.
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// A host object or null.
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);
    /// An internal reference or null.
    pub const ANYREF: ValType = ValType::Ref(RefType::ANYREF);
    /// A caught exception or null.
    pub const EXNREF: ValType = ValType::Ref(RefType::EXNREF);

    /// The same with another heap type in place of its own.
    pub(crate) fn map(self, map: &impl Fn(HeapType) -> HeapType) -> ValType {
        match self {
            ValType::Ref(ty) => ValType::Ref(RefType::new(ty.is_nullable(), map(ty.heap_type()))),
            number => number,
        }
    }
}

impl From<RefType> for ValType {
    fn from(ty: RefType) -> ValType {
        ValType::Ref(ty)
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::V128 => "v128",
            ValType::Ref(ty) => return ty.fmt(f),
        })
    }
}

/// The type of a function: parameters and results.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FuncType {
    params: Box<[ValType]>,
    results: Box<[ValType]>,
}

impl FuncType {
    /// A function from `params` to `results`.
    pub fn new(
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        FuncType {
            params: params.into_iter().collect(),
            results: results.into_iter().collect(),
        }
    }

    /// The parameters' types.
    pub fn params(&self) -> &[ValType] {
        &self.params
    }

    /// The results' types.
    pub fn results(&self) -> &[ValType] {
        &self.results
    }

    /// The same with other heap types in place of those in it.
    pub(crate) fn map(&self, map: &impl Fn(HeapType) -> HeapType) -> FuncType {
        let list = |types: &[ValType]| types.iter().map(|ty| ty.map(map)).collect();
        FuncType {
            params: list(&self.params),
            results: list(&self.results),
        }
    }
}

/// As the text format writes it: `(i32, i64) -> (f64)`.
impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |types: &[ValType]| {
            types
                .iter()
                .map(ValType::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        write!(f, "({}) -> ({})", list(&self.params), list(&self.results))
    }
}

/// The type of the addresses of a memory, or of the indices of a table (WebAssembly 3.0, "address types").
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum AddressType {
    /// 32 bits.
    #[default]
    I32,
    /// 64 bits.
    I64,
}

impl AddressType {
    /// The type of an address as a value.
    pub fn value_type(self) -> ValType {
        match self {
            AddressType::I32 => ValType::I32,
            AddressType::I64 => ValType::I64,
        }
    }

    /// As the text format writes it before limits: nothing for 32 bits.
    fn prefix(self) -> &'static str {
        match self {
            AddressType::I32 => "",
            AddressType::I64 => "i64 ",
        }
    }
}

/// The size limits of a memory (in its pages) or of a table (in elements).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// Size at first.
    pub min: u64,
    /// The size that it cannot grow beyond, if the module has one.
    pub max: Option<u64>,
}

/// The type of a linear memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    /// In pages.
    pub limits: Limits,
    /// The type of its addresses.
    pub address_type: AddressType,
    /// The binary logarithm of the bytes of a page: 16, or 0 with the custom-page-sizes proposal.
    pub page_size_log2: u8,
    /// True if instances on several threads use it at once.
    pub shared: bool,
}

impl MemoryType {
    /// The binary logarithm of a page's 64 KiB (WebAssembly 3.0, section 4.2.8).
    pub const PAGE_SIZE_LOG2: u8 = 16;

    /// A memory of 32-bit addresses, with limits in pages of 64 KiB.
    pub fn new(min: u64, max: Option<u64>) -> MemoryType {
        MemoryType {
            limits: Limits { min, max },
            address_type: AddressType::I32,
            page_size_log2: MemoryType::PAGE_SIZE_LOG2,
            shared: false,
        }
    }

    /// A memory of 32-bit addresses that threads share, with limits in pages of 64 KiB.
    pub fn shared(min: u64, max: u64) -> MemoryType {
        MemoryType {
            shared: true,
            ..MemoryType::new(min, Some(max))
        }
    }

    /// A memory of 64-bit addresses, with limits in pages of 64 KiB.
    pub fn new64(min: u64, max: Option<u64>) -> MemoryType {
        MemoryType {
            address_type: AddressType::I64,
            ..MemoryType::new(min, max)
        }
    }

    /// Bytes of a page.
    pub fn page_size(&self) -> u64 {
        1 << self.page_size_log2
    }
}

/// The type of a table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    /// A reference type.
    pub element: ValType,
    /// In elements.
    pub limits: Limits,
    /// The type of its indices.
    pub address_type: AddressType,
}

impl TableType {
    /// A table with 32-bit indices.
    pub fn new(element: ValType, min: u64, max: Option<u64>) -> TableType {
        TableType {
            element,
            limits: Limits { min, max },
            address_type: AddressType::I32,
        }
    }

    /// The same with another heap type in place of its elements'.
    pub(crate) fn map(self, map: &impl Fn(HeapType) -> HeapType) -> TableType {
        TableType {
            element: self.element.map(map),
            ..self
        }
    }
}

/// The mutability of a global or a field.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mutability {
    /// It keeps its first value.
    Const,
    /// It can be assigned.
    Var,
}

/// The type of a global.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GlobalType {
    /// The encoding of its values.
    pub content: ValType,
    /// True if it can be assigned.
    pub mutability: Mutability,
}

impl GlobalType {
    /// The same with another heap type in place of its values'.
    pub(crate) fn map(self, map: &impl Fn(HeapType) -> HeapType) -> GlobalType {
        GlobalType {
            content: self.content.map(map),
            ..self
        }
    }
}

/// The type of an import or an export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A global.
    Global(GlobalType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A tag: a function's type without results, whose parameters are the values that an exception carries.
    Tag(FuncType),
}

impl ExternType {
    /// The same with other heap types in place of those in it.
    pub(crate) fn map(&self, map: &impl Fn(HeapType) -> HeapType) -> ExternType {
        match self {
            ExternType::Func(ty) => ExternType::Func(ty.map(map)),
            ExternType::Tag(ty) => ExternType::Tag(ty.map(map)),
            ExternType::Global(ty) => ExternType::Global(ty.map(map)),
            ExternType::Table(ty) => ExternType::Table(ty.map(map)),
            ExternType::Memory(ty) => ExternType::Memory(*ty),
        }
    }
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = |l: &Limits| match l.max {
            Some(max) => format!("{}..{max}", l.min),
            None => format!("{}..", l.min),
        };
        match self {
            ExternType::Func(ty) => write!(f, "func {ty}"),
            ExternType::Global(GlobalType {
                content,
                mutability: Mutability::Const,
            }) => write!(f, "global {content}"),
            ExternType::Global(GlobalType {
                content,
                mutability: Mutability::Var,
            }) => write!(f, "global (mut {content})"),
            ExternType::Tag(ty) => write!(f, "tag {ty}"),
            ExternType::Table(TableType {
                element,
                limits: elements,
                address_type,
            }) => write!(
                f,
                "table {}{} {element}",
                address_type.prefix(),
                limits(elements)
            ),
            ExternType::Memory(ty) => {
                let addresses = ty.address_type.prefix();
                write!(f, "memory {addresses}{} pages", limits(&ty.limits))?;
                match ty.page_size_log2 {
                    MemoryType::PAGE_SIZE_LOG2 => {}
                    _ => write!(f, " of {} bytes", ty.page_size())?,
                }
                f.write_str(if ty.shared { ", shared" } else { "" })
            }
        }
    }
}
