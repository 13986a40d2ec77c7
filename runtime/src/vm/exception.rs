//! Tags and exceptions of a store, and the references to exceptions that guests and the host hold.
//!
//! A guest holds an exception by its handle, a number that nothing else looks like. From time to time a throw looks for handles on
//! the stack, in globals and tables, and in exceptions that are held themselves, and drops the exceptions whose handles it has not
//! found. Code keeps a handle in a register that it saves or in a whole word of its frame, so that none is overlooked; a number
//! that only looks like one keeps an exception longer. What the host was given as a value stays as long as the store.

use super::handle::{ExnRef, Tag};
use super::shown_exceptions::{ShownExceptions, ShownTag};
use super::value::Val;
use crate::index::SharedTypeId;
use crate::module::types::FuncType;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An exception that left guest code because nobody handled it, or that a host function throws.
#[derive(Clone)]
pub struct ThrownException {
    pub(crate) exception: ExnRef,
    pub(crate) tag: String,
    pub(crate) values: Vec<Val>,
    // What a store keeps while an error refers to it.
    pub(crate) kept: Arc<Exception>,
}

/// An exception: its tag, and its values as slots.
pub(crate) struct Exception {
    pub(crate) tag: Tag,
    pub(crate) values: Box<[u128]>,
    /// True if the host has a value that refers to it.
    pub(crate) is_hosts: AtomicBool,
}

/// A tag's declaration.
pub(crate) struct Declared {
    pub(crate) ty: FuncType,
    pub(crate) type_id: SharedTypeId,
    pub(crate) name: String,
    pub(crate) shown: ShownTag,
}

/// Tags and exceptions of a store.
pub(crate) struct Exceptions {
    pub(crate) tags: Vec<Declared>,
    pub(crate) live: HashMap<u64, Arc<Exception>>,
    pub(crate) shown: ShownExceptions,
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
            shown: ShownExceptions::default(),
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
        let tag = self.tags.get(exception.tag.0.index);
        self.shown
            .add(handle, tag.map(|tag| &tag.shown), &exception.values);
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
        let mut found = HashSet::new();
        let mut waiting: Vec<u64> = roots.filter(|word| is_handle(*word)).collect();
        let held = self.live.iter().filter(|(_, exception)| {
            exception.is_hosts.load(Ordering::Relaxed) || Arc::strong_count(exception) > 1
        });
        waiting.extend(held.map(|(handle, _)| *handle));
        while let Some(handle) = waiting.pop() {
            if let Some(exception) = self.live.get(&handle)
                && found.insert(handle)
            {
                let values = exception.values.iter().map(|value| *value as u64);
                waiting.extend(values.filter(|word| is_handle(*word)));
            }
        }
        self.live.retain(|handle, _| found.contains(handle));
        self.shown.retain(|handle| found.contains(&handle));
        self.limit = FIRST_LIMIT.max(self.live.len() * 2);
    }
}

fn is_handle(word: u64) -> bool {
    word & HANDLES_MASK == HANDLES
}

impl ThrownException {
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
    use super::super::handle::Stored;
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
