//! Values of a store ↔ the 16-byte slots of the array convention.

use super::handle::{AnyRef, ExnRef, ExternRef, Func};
use super::store::StoreCore;
use super::value::Val;
use crate::abi::heap::{TAG_HOST, TAG_MASK};
use crate::abi::layout::VmFuncRef;
use crate::error::{Error, Result};
use crate::module::reference::HeapType;
use crate::module::types::ValType;
use std::sync::atomic::Ordering;

impl Val {
    /// Returns true if it is a value of a type. Whether it belongs to the store is for [`Val::to_slot`].
    pub(crate) fn is_of(&self, ty: ValType, store: &StoreCore) -> bool {
        let ValType::Ref(ty) = ty else {
            return self.ty() == ty;
        };
        let engine = store.engine();
        if self.is_null() && matches!(ty.heap_type(), HeapType::Shared(_)) {
            return ty.is_nullable();
        }
        let heap = match self {
            Val::FuncRef(Some(func)) if func.store == store.id() => {
                // SAFETY: references live as long as their store.
                HeapType::Shared(unsafe { (*func.reference).type_id })
            }
            Val::FuncRef(Some(_)) => HeapType::Func,
            Val::FuncRef(None) => HeapType::NoFunc,
            Val::ExternRef(Some(_)) => HeapType::Extern,
            Val::ExternRef(None) => HeapType::NoExtern,
            Val::AnyRef(Some(object)) if object.store == store.id() => store.heap_type(object.word),
            Val::AnyRef(Some(_)) => HeapType::Any,
            Val::AnyRef(None) => HeapType::None,
            Val::ExnRef(Some(_)) => HeapType::Exn,
            Val::ExnRef(None) => HeapType::NoExn,
            _ => return false,
        };
        (ty.is_nullable() || !self.is_null()) && engine.is_subtype(heap, ty.heap_type())
    }

    /// As a slot.
    pub(crate) fn to_slot(self, store: &StoreCore) -> Result<u128> {
        Ok(match self {
            Val::I32(value) => u128::from(value as u32),
            Val::I64(value) => u128::from(value as u64),
            Val::F32(bits) => u128::from(bits),
            Val::F64(bits) => u128::from(bits),
            Val::V128(bits) => bits,
            value if value.is_null() => 0,
            Val::FuncRef(Some(func)) => func.reference(store.id())? as u128,
            Val::ExternRef(Some(object)) if object.store == store.id() => u128::from(object.word),
            Val::ExnRef(Some(exception)) => u128::from(exception.handle(store)?),
            Val::AnyRef(Some(object)) if object.store == store.id() => u128::from(object.word),
            _ => {
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
            ValType::Ref(_) => match store.engine().top(ty) {
                Some(HeapType::Exn) => Val::ExnRef(ExnRef::from_handle(slot as u64, store)),
                Some(HeapType::Extern) => {
                    store.pin(slot as u32);
                    let store = store.id();
                    Val::ExternRef(word(slot).map(|word| ExternRef { store, word }))
                }
                Some(HeapType::Any) => {
                    store.pin(slot as u32);
                    let store = store.id();
                    Val::AnyRef(word(slot).map(|word| AnyRef { store, word }))
                }
                _ => Val::FuncRef(Func::from_reference(
                    slot as u64 as *mut VmFuncRef,
                    store.id(),
                )),
            },
        }
    }
}

/// The word of a reference that is not null.
fn word(slot: u128) -> Option<u32> {
    Some(slot as u32).filter(|word| *word != 0)
}

impl StoreCore {
    /// The type of what the word of an internal reference refers to.
    pub(crate) fn heap_type(&self, word: u32) -> HeapType {
        match i64::from(word) & TAG_MASK {
            _ if word == 0 => HeapType::None,
            0 => HeapType::Shared(self.objects.type_of(word)),
            TAG_HOST => HeapType::Any,
            _ => HeapType::I31,
        }
    }
}

impl ExnRef {
    /// The reference that a handle is; `None` for null.
    pub(crate) fn from_handle(handle: u64, core: &StoreCore) -> Option<ExnRef> {
        let exception = core.exceptions.live.get(&handle)?;
        exception.is_hosts.store(true, Ordering::Relaxed);
        Some(ExnRef {
            store: core.id(),
            handle,
        })
    }

    /// The handle that guests hold.
    pub(crate) fn handle(self, core: &StoreCore) -> Result<u64> {
        match self.store == core.id() {
            true => Ok(self.handle),
            false => Err(Error::Type(
                "the exception belongs to another store".to_owned(),
            )),
        }
    }
}
