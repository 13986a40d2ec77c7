//! Tags and exceptions of a store, and the references to exceptions that guests and the host hold.
//!
//! A guest holds an exception by its handle, a number that nothing else looks like. From time to time a throw looks for handles on
//! the stack, in globals and tables, and in exceptions that are held themselves, and drops the exceptions whose handles it has not
//! found. Code keeps a handle in a register that it saves or in a whole word of its frame, so that none is overlooked; a number
//! that only looks like one keeps an exception longer. What the host was given as a value stays as long as the store.

use super::context::{AsContext, AsContextMut};
use super::store::{StoreCore, Stored};
use super::value::Val;
use crate::abi::trap::TrapKind;
use crate::error::{Error, Result};
use crate::module::types::{FuncType, ValType};
use crate::report::exception::UncaughtException;
use crate::report::trap::Trap;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A tag of a store: the kind of an exception, and the types of the values that it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag(pub(crate) Stored);

/// An exception of a store, as a value. It lives as long as its store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExnRef {
    store: u64,
    handle: u64,
}

/// An exception that left guest code because nobody handled it, or that a host function throws.
#[derive(Clone)]
pub struct ThrownException {
    exception: ExnRef,
    tag: String,
    values: Vec<Val>,
    // What a store keeps while an error refers to it.
    _kept: Arc<Exception>,
}

/// An exception: its tag, and its values as slots.
pub(crate) struct Exception {
    tag: Tag,
    values: Box<[u128]>,
    /// True if the host has a value that refers to it.
    is_hosts: AtomicBool,
}

/// A tag's declaration.
struct Declared {
    ty: FuncType,
    name: String,
}

/// Tags and exceptions of a store.
pub(crate) struct Exceptions {
    tags: Vec<Declared>,
    live: HashMap<u64, Arc<Exception>>,
    thrown: u64,
    /// The number of exceptions from which on a throw looks for those that nobody holds.
    limit: usize,
    /// The exception for which guest code is about to trap.
    pub(crate) uncaught: Option<ThrownException>,
}

/// The upper part of all handles: no address has it (its bits above the 47th differ), and no small number.
const HANDLES: u64 = 0x657c << 48;
/// The part that is the same in all handles. They are even, so that a table can mark elements.
const HANDLES_MASK: u64 = 0xffff << 48 | 1;

/// Exceptions that are kept before the first look.
const FIRST_LIMIT: usize = 1024;

impl Default for Exceptions {
    fn default() -> Exceptions {
        Exceptions {
            tags: Vec::new(),
            live: HashMap::new(),
            thrown: 0,
            limit: FIRST_LIMIT,
            uncaught: None,
        }
    }
}

impl Exceptions {
    /// Makes an exception; its handle.
    pub(crate) fn add(&mut self, tag: Tag, values: Box<[u128]>) -> u64 {
        self.thrown += 1;
        let handle = HANDLES | (self.thrown << 1) & !HANDLES_MASK;
        let exception = Exception {
            tag,
            values,
            is_hosts: AtomicBool::new(false),
        };
        self.live.insert(handle, Arc::new(exception));
        handle
    }

    /// The tag of an exception and the address of its values.
    pub(crate) fn get(&self, handle: u64) -> Option<(Tag, *const u128)> {
        let exception = self.live.get(&handle)?;
        Some((exception.tag, exception.values.as_ptr()))
    }

    /// Returns true if there are so many exceptions that those nobody holds should be dropped.
    pub(crate) fn is_full(&self) -> bool {
        self.live.len() >= self.limit
    }

    /// The number of exceptions that are kept.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.live.len()
    }

    /// Drops the exceptions that are neither held by the host nor found in `roots`.
    pub(crate) fn retain(&mut self, roots: impl Iterator<Item = u64>) {
        let mut found: HashMap<u64, ()> = HashMap::new();
        let mut waiting: Vec<u64> = roots.filter(|word| is_handle(*word)).collect();
        let held = self.live.iter().filter(|(_, exception)| {
            exception.is_hosts.load(Ordering::Relaxed) || Arc::strong_count(exception) > 1
        });
        waiting.extend(held.map(|(handle, _)| *handle));
        while let Some(handle) = waiting.pop() {
            if let Some(exception) = self.live.get(&handle)
                && found.insert(handle, ()).is_none()
            {
                let values = exception.values.iter().map(|value| *value as u64);
                waiting.extend(values.filter(|word| is_handle(*word)));
            }
        }
        self.live.retain(|handle, _| found.contains_key(handle));
        self.limit = FIRST_LIMIT.max(self.live.len() * 2);
    }
}

fn is_handle(word: u64) -> bool {
    word & HANDLES_MASK == HANDLES
}

impl StoreCore {
    /// Makes a tag; its name is for reports.
    pub(crate) fn new_tag(&mut self, ty: FuncType, name: String) -> Tag {
        self.exceptions.tags.push(Declared { ty, name });
        Tag(Stored {
            store: self.id(),
            index: self.exceptions.tags.len() - 1,
        })
    }

    /// Makes an exception of the host's values; its handle.
    fn new_exception(&mut self, tag: Tag, values: &[Val]) -> Result<u64> {
        let ty = self.tag_type(tag);
        let given: Vec<_> = values.iter().map(Val::ty).collect();
        if given != ty.params() {
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
            _kept: kept,
        })
    }

    fn values_of(&self, exception: &Exception) -> Vec<Val> {
        let types = self.tag_type(exception.tag).params();
        // SAFETY: guest code and `ExnRef::new` write values of the tag's types, of this store.
        let value = |(slot, ty): (&u128, &ValType)| unsafe { Val::from_slot(*slot, *ty, self) };
        exception.values.iter().zip(types).map(value).collect()
    }
}

impl Tag {
    /// A new tag, different from all others. The type has no results.
    ///
    /// # Errors
    /// A type with results.
    pub fn new(mut store: impl AsContextMut, ty: FuncType) -> Result<Tag> {
        if !ty.results().is_empty() {
            return Err(Error::Type(format!(
                "a tag cannot be of type {ty}: it has results"
            )));
        }
        Ok(store.core_mut().new_tag(ty, "a tag of the host".to_owned()))
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        store.core().tag_type(*self).clone()
    }

    /// The error with which a host function throws a new exception. It lives no longer than somebody holds it.
    ///
    /// # Errors
    /// Always: with the exception, or because of values of other types than the tag's, or of another store.
    pub fn throw<R>(&self, mut store: impl AsContextMut, values: &[Val]) -> Result<R> {
        let core = store.core_mut();
        let handle = core.new_exception(*self, values)?;
        let thrown = core.thrown(handle).expect("just made");
        Err(Error::Trap(Box::new(Trap::of_exception(thrown))))
    }
}

impl ExnRef {
    /// A new exception.
    ///
    /// # Errors
    /// Values of other types than the tag's, or of another store.
    pub fn new(mut store: impl AsContextMut, tag: &Tag, values: &[Val]) -> Result<ExnRef> {
        let core = store.core_mut();
        let handle = core.new_exception(*tag, values)?;
        Ok(ExnRef::from_handle(handle, core).expect("just made"))
    }

    /// Its tag.
    pub fn tag(&self, store: impl AsContext) -> Tag {
        self.exception(store.core()).tag
    }

    /// The values that it carries.
    pub fn fields(&self, store: impl AsContext) -> Vec<Val> {
        let core = store.core();
        core.values_of(&self.exception(core))
    }

    /// The error with which a host function throws it.
    ///
    /// # Errors
    /// Always: that is what it is for.
    pub fn throw<R>(&self, store: impl AsContext) -> Result<R> {
        let core = store.core();
        core.check_owner(self.store);
        let thrown = core
            .thrown(self.handle)
            .expect("it lives as long as its store");
        Err(Error::Trap(Box::new(Trap::of_exception(thrown))))
    }

    fn exception(&self, core: &StoreCore) -> Arc<Exception> {
        core.check_owner(self.store);
        let exception = core.exceptions.live.get(&self.handle);
        exception.expect("it lives as long as its store").clone()
    }

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

impl Trap {
    /// An exception that has not left its host function, or not found its handler.
    pub(crate) fn of_exception(exception: ThrownException) -> Trap {
        let mut trap = Trap::without_frames(TrapKind::UncaughtException);
        trap.set_exception(exception);
        trap
    }

    pub(crate) fn set_exception(&mut self, exception: ThrownException) {
        self.exception = Some(UncaughtException::new(exception.to_string(), exception));
    }

    /// The exception, if it is one that nobody handles.
    pub fn exception(&self) -> Option<&ThrownException> {
        self.exception.as_ref()?.value()
    }
}

impl ThrownException {
    /// The exception, to be thrown again or looked at.
    pub fn exception(&self, store: impl AsContext) -> ExnRef {
        let core = store.core();
        core.check_owner(self.exception.store);
        ExnRef::from_handle(self.exception.handle, core).expect("kept by this")
    }

    /// The name of its tag, as its module has it.
    pub fn tag_name(&self) -> &str {
        &self.tag
    }

    /// The values that it carries.
    pub fn values(&self) -> &[Val] {
        &self.values
    }

    /// The handle, in the store of this id only.
    pub(crate) fn handle_in(&self, store: u64) -> Option<u64> {
        (self.exception.store == store).then_some(self.exception.handle)
    }
}

/// The tag and the values: `$oops(7)`.
impl fmt::Display for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values.iter().map(Val::to_string).collect();
        write!(
            f,
            "{}({})",
            crate::printable::Printable(&self.tag),
            values.join(", ")
        )
    }
}

impl fmt::Debug for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThrownException({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: Tag = Tag(Stored { store: 1, index: 0 });

    #[test]
    fn exceptions_that_nobody_holds_are_dropped() {
        let mut exceptions = Exceptions::default();
        let mut add = |value: u64| exceptions.add(TAG, [u128::from(value)].into());
        let carried = add(7);
        let carrier = add(carried);
        let (hosts, in_an_error, lost) = (add(7), add(7), add(7));
        exceptions.live[&hosts]
            .is_hosts
            .store(true, Ordering::Relaxed);
        let error = exceptions.live[&in_an_error].clone();
        // Some word of a frame, and others that look like none.
        exceptions.retain([0, 7, carrier, carrier | 1, u64::MAX].into_iter());
        for held in [carried, carrier, hosts, in_an_error] {
            assert!(exceptions.get(held).is_some());
        }
        assert!(exceptions.get(lost).is_none());
        drop(error);
        exceptions.retain([carried].into_iter());
        assert!(exceptions.get(in_an_error).is_none() && exceptions.get(carrier).is_none());
        assert!(exceptions.get(carried).is_some());
    }
}
