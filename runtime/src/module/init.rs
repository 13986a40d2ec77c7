//! Constant expressions and segments: what an instance is initialised from (WebAssembly 3.0, sections 2.5.7, 2.5.8 and 3.3.10).

use crate::index::*;
use std::ops::Range;

/// One operator of a constant expression.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ConstOp {
    /// Pushes an i32.
    I32(i32),
    /// Pushes an i64.
    I64(i64),
    /// Pushes an f32, as its bits.
    F32(u32),
    /// Pushes an f64, as its bits.
    F64(u64),
    /// Pushes a v128.
    V128(u128),
    /// Adds two i32.
    I32Add,
    /// Subtracts an i32 from one.
    I32Sub,
    /// Multiplies two i32.
    I32Mul,
    /// Adds two i64.
    I64Add,
    /// Subtracts an i64 from one.
    I64Sub,
    /// Multiplies two i64.
    I64Mul,
    /// Pushes a global's value.
    GlobalGet(GlobalIndex),
    /// Pushes a null reference.
    RefNull,
    /// Pushes a reference to a function.
    RefFunc(FuncIndex),
    /// Makes a number of 31 bits of an i32.
    RefI31,
    /// Makes a structure of the values of its fields.
    StructNew(TypeIndex),
    /// Pushes a structure of zeros and nulls.
    StructNewDefault(TypeIndex),
    /// Makes an array of a value and a length.
    ArrayNew(TypeIndex),
    /// Makes an array of zeros or nulls, of a length.
    ArrayNewDefault(TypeIndex),
    /// Makes an array of so many values.
    ArrayNewFixed(TypeIndex, u32),
}

/// A constant expression in the module's order of operators; validated, so that one value is left.
#[derive(Clone, PartialEq, Debug)]
pub struct ConstExpr {
    /// The operators, without the final `end`.
    pub ops: Box<[ConstOp]>,
}

/// When and where a segment is copied.
#[derive(Clone, PartialEq, Debug)]
pub enum SegmentMode<Target> {
    /// When the instance is made, at an offset.
    Active {
        /// The memory or table.
        target: Target,
        /// Bytes or elements from its start.
        offset: ConstExpr,
    },
    /// By `memory.init` or `table.init`.
    Passive,
    /// Never: it only declares functions to be referable.
    Declared,
}

/// A data segment.
#[derive(Clone, PartialEq, Debug)]
pub struct DataSegment {
    /// When and where it is copied.
    pub mode: SegmentMode<MemoryIndex>,
    /// Its bytes, in the module's bytes.
    pub bytes: Range<usize>,
}

/// An element segment.
#[derive(Clone, PartialEq, Debug)]
pub struct ElementSegment {
    /// When and where it is copied.
    pub mode: SegmentMode<TableIndex>,
    /// Its elements.
    pub elements: Elements,
}

/// The elements of a segment, in one of two shapes of the binary format.
#[derive(Clone, PartialEq, Debug)]
pub enum Elements {
    /// References to functions.
    Funcs(Box<[FuncIndex]>),
    /// A constant expression each.
    Exprs(Box<[ConstExpr]>),
}

impl Elements {
    /// The number of entries concerned.
    pub fn len(&self) -> usize {
        match self {
            Elements::Funcs(funcs) => funcs.len(),
            Elements::Exprs(exprs) => exprs.len(),
        }
    }
}
