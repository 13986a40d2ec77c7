//! Writes to a place that a store watches: by code, which tells of them, and by the answers of a recording.

use crate::record::{Watch, Writes};
use crate::vm::store::{Store, StoreCore};
use dwalin_debuginfo::code::DWARF_MEMORY;

impl<T: 'static> Store<T> {
    /// Counts the writes to a place from the beginning of the next instance on, whose engine has code that tells of them
    /// ([`Config::watch_writes`](crate::Config::watch_writes)).
    pub fn watch(&mut self, watch: Watch) {
        self.0.core.watch = Some(Box::new(watch));
    }

    /// The writes to the watched place so far, and whether the program was stopped before the one that it was to stop at.
    pub fn watched(&mut self) -> Option<(Writes, bool)> {
        let core = &mut self.0.core;
        let mut watch = core.watch.take()?;
        let bytes = bytes(core, watch.address(), watch.len());
        let writes = watch.writes(&bytes.unwrap_or_default());
        let is_stopped = watch.is_stopped();
        core.watch = Some(watch);
        Some((writes, is_stopped))
    }
}

/// Bytes of the memory that debug info means; `None` where they are not all there.
fn bytes(core: &StoreCore, address: u64, len: u64) -> Option<Vec<u8>> {
    let memory = *core.instances.last()?.memories.get(DWARF_MEMORY)?;
    let start = usize::try_from(address).ok()?;
    // SAFETY: the store is borrowed, and the guest waits.
    let bytes = unsafe { core.memory(memory).get(start, usize::try_from(len).ok()?) };
    bytes.map(|bytes| bytes.into_owned())
}

/// Tells code of the instance that was made last where the watched place is.
pub(super) fn begin(core: &mut StoreCore) {
    let Some(watch) = &core.watch else { return };
    let memories = core.instances.last().map(|it| &it.memories);
    if let Some(memory) = memories.and_then(|it| it.get(DWARF_MEMORY)) {
        core.vm.watched = core.memory(*memory).base() as u64 + watch.address();
        core.vm.watched_len = watch.len();
    }
}

/// Bytes at a host address are about to be written; returns true if the program is to stop before that.
pub(super) fn is_stopped_before(core: &mut StoreCore, address: u64, len: u64) -> bool {
    let memories = core.instances.last().map(|it| &it.memories);
    let Some(memory) = memories.and_then(|it| it.get(DWARF_MEMORY)) else {
        return false;
    };
    let base = core.memory(*memory).base() as u64;
    let Some(at) = address.checked_sub(base) else {
        return false;
    };
    is_stopped_before_write(core, at, len)
}

/// The same for bytes of the memory. What is beyond its end is not written.
pub(super) fn is_stopped_before_write(core: &mut StoreCore, at: u64, len: u64) -> bool {
    let is_hit = core.watch.as_ref().is_some_and(|it| it.is_hit_by(at, len));
    if !is_hit || bytes(core, at, len).is_none() {
        return false;
    }
    let Some(mut watch) = core.watch.take() else {
        return false;
    };
    let before = bytes(core, watch.address(), watch.len());
    let is_stopped = watch.is_written(&before.unwrap_or_default());
    core.watch = Some(watch);
    is_stopped
}
