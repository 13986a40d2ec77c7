//! Objects of the heap as the host sees them.

use crate::abi::heap::{I31_BIT, ObjectLayout, TAG_HOST, TAG_MASK};
use crate::error::{OutOfBounds, Result};
use crate::module::composite::StorageType;
use crate::module::reference::HeapType;
use crate::module::types::ValType;
use crate::vm::context::AsContext;
use crate::vm::handle::{AnyRef, ArrayRef, ExternRef, StructRef};
use crate::vm::store::StoreCore;
use crate::vm::value::Val;

/// A number of 31 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct I31(u32);

impl I31 {
    /// The low 31 bits of a number.
    pub fn wrapping_u32(value: u32) -> I31 {
        I31(value << 1 >> 1)
    }

    /// The number, extended by zeros.
    pub fn get_u32(self) -> u32 {
        self.0
    }

    /// The number, extended by its sign.
    pub fn get_i32(self) -> i32 {
        (self.0 << 1) as i32 >> 1
    }
}

impl AnyRef {
    /// A reference that is a number of 31 bits.
    pub fn from_i31(store: impl AsContext, value: I31) -> AnyRef {
        AnyRef {
            store: store.core().id(),
            word: value.0 << 1 | I31_BIT as u32,
        }
    }

    /// An external reference as an internal one.
    pub fn convert_extern(reference: ExternRef) -> AnyRef {
        AnyRef {
            store: reference.store,
            word: reference.word,
        }
    }

    /// The type of what it refers to: a type of the engine, [`HeapType::I31`], or [`HeapType::Any`] for a converted external reference.
    pub fn ty(&self, store: impl AsContext) -> HeapType {
        let core = store.core();
        core.check_owner(self.store);
        core.heap_type(self.word)
    }

    /// Returns true if it is of a type.
    pub fn matches(&self, store: impl AsContext, ty: HeapType) -> bool {
        let own = self.ty(&store);
        store.core().engine().is_subtype(own, ty)
    }

    /// The number of 31 bits, if it is one.
    pub fn as_i31(&self) -> Option<I31> {
        let is_one = i64::from(self.word) & I31_BIT != 0;
        is_one.then_some(I31(self.word >> 1))
    }

    /// The structure, if it is one.
    pub fn as_struct(&self, store: impl AsContext) -> Option<StructRef> {
        let is_one = self.matches(store, HeapType::Struct);
        is_one.then_some(StructRef(*self))
    }

    /// The array, if it is one.
    pub fn as_array(&self, store: impl AsContext) -> Option<ArrayRef> {
        let is_one = self.matches(store, HeapType::Array);
        is_one.then_some(ArrayRef(*self))
    }
}

impl ExternRef {
    /// An internal reference as an external one.
    pub fn convert_any(reference: AnyRef) -> ExternRef {
        ExternRef {
            store: reference.store,
            word: reference.word,
        }
    }

    /// Returns true if it is an object of the host's, and not an internal reference that was converted.
    pub fn is_host(&self) -> bool {
        i64::from(self.word) & TAG_MASK == TAG_HOST
    }
}

/// A field's value. Packed ones are numbers without a sign.
fn field(core: &StoreCore, object: AnyRef, offset: u32, storage: StorageType) -> Val {
    let slot = core.objects.load(object.word, offset, storage);
    let ty = match storage {
        StorageType::Val(ty) => ty,
        _ => ValType::I32,
    };
    // SAFETY: the object is of the store, and has a value of the type there.
    unsafe { Val::from_slot(slot, ty, core) }
}

/// The layout of an object.
fn layout(core: &StoreCore, object: AnyRef) -> ObjectLayout {
    core.check_owner(object.store);
    let id = core.objects.type_of(object.word);
    let ty = core.engine().shared_type(id);
    ty.map_or(ObjectLayout::None, |ty| ObjectLayout::of(&ty))
}

impl StructRef {
    /// The values of its fields.
    pub fn fields(&self, store: impl AsContext) -> Vec<Val> {
        let core = store.core();
        let ObjectLayout::Struct { fields, .. } = layout(core, self.0) else {
            return Vec::new();
        };
        let fields = fields.iter();
        let value = |(storage, offset): &_| field(core, self.0, *offset, *storage);
        fields.map(value).collect()
    }

    /// The value of a field.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`](crate::Error::OutOfBounds) where there is no such field.
    pub fn field(&self, store: impl AsContext, index: usize) -> Result<Val> {
        let core = store.core();
        match layout(core, self.0) {
            ObjectLayout::Struct { fields, .. } => {
                let beyond = || OutOfBounds::of("fields", index as u64, 1, fields.len() as u64);
                let (storage, offset) = *fields.get(index).ok_or_else(beyond)?;
                Ok(field(core, self.0, offset, storage))
            }
            _ => Err(OutOfBounds::of("fields", index as u64, 1, 0)),
        }
    }

    /// The same as an internal reference.
    pub fn to_anyref(self) -> AnyRef {
        self.0
    }
}

impl ArrayRef {
    /// The number of its elements.
    pub fn len(&self, store: impl AsContext) -> u32 {
        let core = store.core();
        core.check_owner(self.0.store);
        core.objects.array_len(self.0.word)
    }

    /// The value of an element.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`](crate::Error::OutOfBounds).
    pub fn get(&self, store: impl AsContext, index: u32) -> Result<Val> {
        let core = store.core();
        match layout(core, self.0) {
            ObjectLayout::Array {
                element,
                size,
                base,
            } if index < core.objects.array_len(self.0.word) => {
                Ok(field(core, self.0, base + index * size, element))
            }
            _ => Err(OutOfBounds::of(
                "elements of an array",
                index.into(),
                1,
                core.objects.array_len(self.0.word).into(),
            )),
        }
    }

    /// The same as an internal reference.
    pub fn to_anyref(self) -> AnyRef {
        self.0
    }
}
