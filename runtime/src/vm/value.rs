//! Values, as the host holds them and as the 16-byte slots of the array convention do.

use super::exception::ExnRef;
use super::func::Func;
use super::store::StoreCore;
use crate::abi::layout::VmFuncRef;
use crate::error::{Error, Result};
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
    /// A caught exception, or null.
    ExnRef(Option<ExnRef>),
}

/// A host object that a guest can hold and pass on. It lives as long as its store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternRef {
    pub(crate) store: u64,
    /// Position in the store.
    pub(crate) index: usize,
}

impl ExternRef {
    /// Returns the handle that guests hold: even, so that a table can mark elements, and not 0, which is null.
    fn handle(self) -> u64 {
        (self.index as u64 + 1) << 1
    }
}

impl Val {
    /// Its type.
    pub fn ty(&self) -> ValType {
        match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(_) => ValType::FuncRef,
            Val::ExternRef(_) => ValType::ExternRef,
            Val::ExnRef(_) => ValType::ExnRef,
        }
    }

    /// Zero or null of a type.
    pub fn default_for(ty: ValType) -> Val {
        match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(0),
            ValType::FuncRef => Val::FuncRef(None),
            ValType::ExternRef => Val::ExternRef(None),
            ValType::ExnRef => Val::ExnRef(None),
        }
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

    /// As a slot.
    pub(crate) fn to_slot(self, store: &StoreCore) -> Result<u128> {
        Ok(match self {
            Val::I32(value) => u128::from(value as u32),
            Val::I64(value) => u128::from(value as u64),
            Val::F32(bits) => u128::from(bits),
            Val::F64(bits) => u128::from(bits),
            Val::V128(bits) => bits,
            Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) => 0,
            Val::FuncRef(Some(func)) => func.reference(store)? as u128,
            Val::ExternRef(Some(object)) if object.store == store.id() => {
                u128::from(object.handle())
            }
            Val::ExnRef(Some(exception)) => u128::from(exception.handle(store)?),
            Val::ExternRef(Some(_)) => {
                return Err(Error::Type(
                    "the object belongs to another store".to_owned(),
                ));
            }
        })
    }

    /// From a slot.
    ///
    /// # Safety
    /// A slot of type `funcref` must hold a reference of the store, as guest code and the runtime write it.
    pub(crate) unsafe fn from_slot(slot: u128, ty: ValType, store: &StoreCore) -> Val {
        match ty {
            ValType::I32 => Val::I32(slot as i32),
            ValType::I64 => Val::I64(slot as i64),
            ValType::F32 => Val::F32(slot as u32),
            ValType::F64 => Val::F64(slot as u64),
            ValType::V128 => Val::V128(slot),
            ValType::FuncRef => Val::FuncRef(Func::from_reference(
                slot as u64 as *mut VmFuncRef,
                store.id(),
            )),
            ValType::ExnRef => Val::ExnRef(ExnRef::from_handle(slot as u64, store)),
            ValType::ExternRef => {
                let index = (slot as u64 >> 1).checked_sub(1);
                Val::ExternRef(index.map(|index| ExternRef {
                    store: store.id(),
                    index: index as usize,
                }))
            }
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
            Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) => f.write_str("null"),
            Val::FuncRef(Some(_)) => f.write_str("<funcref>"),
            Val::ExternRef(Some(_)) => f.write_str("<externref>"),
            Val::ExnRef(Some(_)) => f.write_str("<exnref>"),
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
    ExnRef => |exception| Val::ExnRef(Some(exception));
}
