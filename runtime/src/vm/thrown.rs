//! Exceptions that a store throws, and the traps that they become where nobody handles them.

use super::exception::{Declared, Exception, ThrownException};
use super::handle::{ExnRef, Stored, Tag};
use super::shown_exceptions::ShownTag;
use super::store::StoreCore;
use super::value::Val;
use crate::abi::trap::TrapKind;
use crate::error::{Error, Result};
use crate::index::SharedTypeId;
use crate::module::reference::HeapType;
use crate::module::types::{FuncType, ValType};
use crate::report::exception::UncaughtException;
use crate::report::trap::Trap;

impl StoreCore {
    /// Makes a tag; its name is for reports.
    pub(crate) fn new_tag(&mut self, type_id: SharedTypeId, name: String) -> Tag {
        let ty = self.engine().shared_type(type_id);
        let ty = ty.as_ref().and_then(|ty| ty.function());
        let ty = ty.expect("a tag's type is its engine's").clone();
        let is_function = |heap: HeapType| match heap {
            HeapType::Shared(id) => {
                let ty = self.engine().shared_type(id);
                ty.is_some_and(|ty| ty.function().is_some())
            }
            _ => false,
        };
        let shown = ShownTag::new(&name, &ty, is_function);
        self.exceptions.tags.push(Declared {
            ty,
            type_id,
            name,
            shown,
        });
        Tag(Stored {
            store: self.id(),
            index: self.exceptions.tags.len() - 1,
        })
    }

    /// Makes an exception of the host's values; its handle.
    pub(crate) fn new_exception(&mut self, tag: Tag, values: &[Val]) -> Result<u64> {
        let ty = self.tag_type(tag);
        let fit = |(value, ty): (&Val, &ValType)| value.is_of(*ty, self);
        if values.len() != ty.params().len() || !values.iter().zip(ty.params()).all(fit) {
            let given: Vec<_> = values.iter().map(Val::ty).collect();
            return Err(Error::Type(format!(
                "an exception with a tag of type {ty} cannot carry {given:?}"
            )));
        }
        let slots = values.iter().map(|value| value.to_slot(self));
        let slots = slots.collect::<Result<Box<[u128]>>>()?;
        Ok(self.exceptions.add(tag, slots))
    }

    /// The types of the values that exceptions with a tag carry.
    pub(crate) fn tag_type(&self, tag: Tag) -> &FuncType {
        self.check_owner(tag.0.store);
        &self.exceptions.tags[tag.0.index].ty
    }

    /// The identity of the type of a tag.
    pub(crate) fn tag_type_id(&self, tag: Tag) -> SharedTypeId {
        self.check_owner(tag.0.store);
        self.exceptions.tags[tag.0.index].type_id
    }

    /// The exception of a handle, for an error that refers to it.
    pub(crate) fn thrown(&self, handle: u64) -> Option<ThrownException> {
        let kept = self.exceptions.live.get(&handle)?.clone();
        let tag = &self.exceptions.tags[kept.tag.0.index];
        Some(ThrownException {
            exception: ExnRef {
                store: self.id(),
                handle,
            },
            tag: tag.name.clone(),
            values: self.values_of(&kept),
            kept,
        })
    }

    pub(crate) fn values_of(&self, exception: &Exception) -> Vec<Val> {
        let types = self.tag_type(exception.tag).params();
        // SAFETY: guest code and `ExnRef::new` write values of the tag's types, of this store.
        let value = |(slot, ty): (&u128, &ValType)| unsafe { Val::from_slot(*slot, *ty, self) };
        exception.values.iter().zip(types).map(value).collect()
    }
}

impl Trap {
    /// Adds the exception that it is about.
    pub(crate) fn set_uncaught(&mut self, store: &StoreCore, exception: ThrownException) {
        let text = store.language_text(&exception);
        let text = text.map(|text| format!("uncaught {text}"));
        let text = text.unwrap_or_else(|| exception.to_string());
        self.exception = Some(UncaughtException::new(text, exception));
    }

    /// An exception that has not left its host function, or not found its handler.
    pub(crate) fn of_exception(exception: ThrownException) -> Trap {
        let mut trap = Trap::without_frames(TrapKind::UncaughtException);
        trap.exception = Some(UncaughtException::new(exception.to_string(), exception));
        trap
    }

    /// The exception, if it is one that nobody handles.
    pub fn exception(&self) -> Option<&ThrownException> {
        self.exception.as_ref()?.value()
    }
}
