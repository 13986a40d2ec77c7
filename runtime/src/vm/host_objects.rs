//! The objects of the host that guests can hold.

use std::any::Any;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// The objects of the host that guests can hold, by their numbers from 1 on.
#[derive(Default)]
pub(crate) struct HostObjects(Vec<Held>);

struct Held {
    /// None where neither guests nor the host held it any longer.
    object: Option<Box<dyn Any + Send + Sync>>,
    /// True if the host has a reference.
    is_hosts: AtomicBool,
}

impl HostObjects {
    /// Adds one; its number.
    pub(crate) fn add(&mut self, object: Box<dyn Any + Send + Sync>) -> usize {
        self.0.push(Held {
            object: Some(object),
            is_hosts: AtomicBool::new(true),
        });
        self.0.len()
    }

    fn held(&self, word: u32) -> Option<&Held> {
        self.0.get(((word >> 3) as usize).checked_sub(1)?)
    }

    /// The object that a word refers to, if it is still there.
    pub(crate) fn get(&self, word: u32) -> Option<&(dyn Any + Send + Sync)> {
        self.held(word)?.object.as_deref()
    }

    /// Says whether the host has a reference to the object.
    pub(crate) fn set_hosts(&self, word: u32, is_hosts: bool) {
        if let Some(held) = self.held(word) {
            held.is_hosts.store(is_hosts, Ordering::Relaxed);
        }
    }

    /// Drops those that nobody refers to; `held` are numbers of those that guests do.
    pub(crate) fn retain(&mut self, held: &HashSet<u32>) {
        for (number, it) in (1..).zip(&mut self.0) {
            if !held.contains(&number) && !*it.is_hosts.get_mut() {
                it.object = None;
            }
        }
    }
}
