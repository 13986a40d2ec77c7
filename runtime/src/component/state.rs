//! The state of an instance of a component: core instances, functions and memories that options name, handles, calls that wait.

use super::error::Violation;
use super::handles::{Calls, Handles};
use super::parts::{Options, Parts};
use super::resource::ResourceType;
use crate::error::Result;
use crate::vm::handle::{Func, Global, Memory};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An instance's state. Functions of the border share it; it is locked only between calls, never during one.
pub struct State {
    /// The store that it belongs to.
    pub(super) store: u64,
    pub(super) parts: Arc<Parts>,
    running: Mutex<Running>,
}

/// The part of the state that changes.
#[derive(Default)]
pub(super) struct Running {
    /// Core instances by number: their places in the store.
    pub instances: Vec<usize>,
    /// The functions of the border by number.
    pub trampolines: Vec<Func>,
    pub memories: Vec<Option<Memory>>,
    pub reallocs: Vec<Option<Func>>,
    pub post_returns: Vec<Option<Func>>,
    /// For each component instance the global that says whether it may call out, which fused adapters change too.
    pub may_leave: Vec<Global>,
    /// For each component instance its table of handles.
    pub handles: Vec<Handles>,
    pub calls: Calls,
    /// Types of resources by number.
    pub resources: Vec<ResourceType>,
    /// The functions that destroy resources which are defined here.
    pub destructors: Vec<Option<Func>>,
    /// True while a call into the component runs, and after one that did not end: nobody may enter.
    pub entered: bool,
}

impl State {
    pub(super) fn new(store: u64, parts: &Arc<Parts>, may_leave: Vec<Global>) -> State {
        let running = Running {
            memories: vec![None; parts.memories],
            reallocs: vec![None; parts.reallocs],
            post_returns: vec![None; parts.post_returns],
            handles: (0..parts.instances).map(|_| Handles::default()).collect(),
            destructors: vec![None; parts.resources()],
            may_leave,
            ..Running::default()
        };
        State {
            store,
            parts: parts.clone(),
            running: Mutex::new(running),
        }
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Running> {
        // Contents are valid after each step.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a call from outside.
    pub(super) fn enter(&self) -> Result<()> {
        let mut running = self.running();
        if running.entered {
            return Err(Violation::error("cannot enter component instance"));
        }
        running.entered = true;
        running.calls.begin();
        Ok(())
    }

    /// Ends a call from outside that returned.
    pub(super) fn leave(&self) {
        self.running().entered = false;
    }

    /// Ends a call from outside that did not reach the guest.
    pub(super) fn abandon(&self) {
        let mut running = self.running();
        running.calls.forget();
        running.entered = false;
    }

    /// Ends the innermost call across the border.
    pub(super) fn end_call(&self) -> Result<()> {
        let mut running = self.running();
        let running = &mut *running;
        running.calls.end(&mut running.handles)
    }

    /// Returns an error while an instance may not call out: while its `realloc` and `post-return` functions run.
    pub(super) fn check_may_leave(&self, instance: u32) -> Result<()> {
        match self.may_leave(instance) {
            true => Ok(()),
            false => Err(Violation::error("cannot leave component instance")),
        }
    }

    /// Returns true if an instance may call out.
    pub(super) fn may_leave(&self, instance: u32) -> bool {
        let cell = self.running().may_leave[instance as usize].cell;
        // SAFETY: the global lives as long as the store, which the caller is borrowing, and is an i32.
        unsafe { *cell.as_ptr() as u32 != 0 }
    }

    /// Says whether an instance may call out from now on.
    pub(super) fn set_may_leave(&self, instance: u32, may: bool) {
        let cell = self.running().may_leave[instance as usize].cell;
        // SAFETY: as in `may_leave`.
        unsafe { *cell.as_ptr() = u128::from(may) };
    }

    pub(super) fn memory(&self, options: &Options) -> Option<Memory> {
        self.running().memories[options.memory? as usize]
    }

    pub(super) fn realloc(&self, options: &Options) -> Option<Func> {
        self.running().reallocs[options.realloc? as usize]
    }
}
