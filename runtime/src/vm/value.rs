//! Values, as the host holds them and as the 16-byte slots of the array convention do.

use super::handle::{AnyRef, ExnRef, ExternRef, Func};
use crate::module::reference::HeapType;
use crate::module::types::ValType;
use std::fmt;

/// A value.
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// An i32.
    I32(i32),
    /// An i64.
    I64(i64),
    /// An f32, as its bits.
    F32(u32),
    /// An f64, as its bits.
    F64(u64),
    /// A v128, its first lane in the lowest bits.
    V128(u128),
    /// A function, or null.
    FuncRef(Option<Func>),
    /// A host object, or null.
    ExternRef(Option<ExternRef>),
    /// An internal reference, or null.
    AnyRef(Option<AnyRef>),
    /// A caught exception, or null.
    ExnRef(Option<ExnRef>),
}

impl Val {
    /// Its type; of a reference the abstract one above all of its types.
    pub fn ty(&self) -> ValType {
        match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(_) => ValType::FUNCREF,
            Val::ExternRef(_) => ValType::EXTERNREF,
            Val::AnyRef(_) => ValType::ANYREF,
            Val::ExnRef(_) => ValType::EXNREF,
        }
    }

    /// Zero or null of a type, also where that has no null.
    pub fn default_for(ty: ValType) -> Val {
        match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(0),
            ValType::Ref(ty) => match ty.heap_type() {
                HeapType::Extern | HeapType::NoExtern => Val::ExternRef(None),
                HeapType::Exn | HeapType::NoExn => Val::ExnRef(None),
                heap if heap.top() == Some(HeapType::Any) => Val::AnyRef(None),
                _ => Val::FuncRef(None),
            },
        }
    }

    /// Returns true if it is a null reference.
    pub fn is_null(&self) -> bool {
        matches!(
            self,
            Val::FuncRef(None) | Val::ExternRef(None) | Val::AnyRef(None) | Val::ExnRef(None)
        )
    }

    /// The i32, if it is one.
    pub fn i32(&self) -> Option<i32> {
        if let Val::I32(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The i64, if it is one.
    pub fn i64(&self) -> Option<i64> {
        if let Val::I64(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The f32, if it is one.
    pub fn f32(&self) -> Option<f32> {
        if let Val::F32(bits) = self {
            Some(f32::from_bits(*bits))
        } else {
            None
        }
    }

    /// The f64, if it is one.
    pub fn f64(&self) -> Option<f64> {
        if let Val::F64(bits) = self {
            Some(f64::from_bits(*bits))
        } else {
            None
        }
    }

    /// The v128, if it is one.
    pub fn v128(&self) -> Option<u128> {
        if let Val::V128(bits) = self {
            Some(*bits)
        } else {
            None
        }
    }
}

/// As `--invoke` prints results.
impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Val::I32(value) => value.fmt(f),
            Val::I64(value) => value.fmt(f),
            Val::F32(bits) => f32::from_bits(*bits).fmt(f),
            Val::F64(bits) => f64::from_bits(*bits).fmt(f),
            Val::V128(bits) => bits.fmt(f),
            value if value.is_null() => f.write_str("null"),
            Val::FuncRef(_) => f.write_str("<funcref>"),
            Val::ExternRef(_) => f.write_str("<externref>"),
            Val::AnyRef(_) => f.write_str("<anyref>"),
            Val::ExnRef(_) => f.write_str("<exnref>"),
        }
    }
}

macro_rules! from {
    ($($ty:ty => $make:expr;)*) => {$(
        impl From<$ty> for Val {
            fn from(value: $ty) -> Val {
                ($make)(value)
            }
        }
    )*};
}

from! {
    i32 => Val::I32;
    i64 => Val::I64;
    f32 => |value: f32| Val::F32(value.to_bits());
    f64 => |value: f64| Val::F64(value.to_bits());
    u128 => Val::V128;
    Func => |func| Val::FuncRef(Some(func));
    ExternRef => |object| Val::ExternRef(Some(object));
    AnyRef => |object| Val::AnyRef(Some(object));
    ExnRef => |exception| Val::ExnRef(Some(exception));
}
