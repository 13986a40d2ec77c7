//! The instance whose code calls the runtime.

use crate::abi::builtin::{NOT_GROWN, REFUSED};
use crate::abi::layout::VmContextHead;
use crate::error::Result;
use crate::unwind::activation::{Activation, innermost};
use crate::vm::handle::{self, Memory};
use crate::vm::instance::InstanceData;
use crate::vm::store::StoreCore;

/// The calling instance and its store. Nobody else uses either: the host that borrowed the store waits for the guest.
pub(super) struct Call<'a> {
    pub(super) store: &'a mut StoreCore,
    pub(super) instance: *mut InstanceData,
}

impl<'a> Call<'a> {
    /// # Safety
    /// `context` must be that of the running instance.
    pub(super) unsafe fn new(context: *mut VmContextHead) -> Call<'a> {
        // SAFETY: the head of an instance's context points to it; guest code runs, so there is an activation, of its store.
        unsafe {
            Call {
                store: running().1,
                instance: (*context).instance.cast(),
            }
        }
    }

    pub(super) fn instance(&mut self) -> &mut InstanceData {
        // SAFETY: the instance is boxed in the store and lives as long; `self` is borrowed.
        unsafe { &mut *self.instance }
    }

    pub(super) fn index(&self) -> usize {
        let found = self
            .store
            .instances
            .iter()
            .position(|it| std::ptr::eq(&raw const **it, self.instance));
        found.expect("a running instance is in its store")
    }

    pub(super) fn memory(&mut self, memory: u32) -> Memory {
        self.instance().memories[memory as usize]
    }

    pub(super) fn table(&mut self, table: u32) -> handle::Table {
        self.instance().tables[table as usize]
    }

    /// A memory's bytes, which guests on other threads may use if it is shared.
    pub(super) fn bytes(&mut self, memory: u32) -> *mut [u8] {
        let memory = self.memory(memory);
        // SAFETY: what is returned is a pointer.
        unsafe { self.store.memory(memory).bytes() }
    }
}

/// The result of a growth, for code.
pub(super) fn size_before(core: &mut StoreCore, grown: Result<Option<u64>>) -> u64 {
    match grown {
        Ok(before) => before.unwrap_or(NOT_GROWN),
        Err(error) => {
            core.refused = Some(error);
            REFUSED
        }
    }
}

/// The result of a fallible function.
pub(super) fn done(result: Option<()>) -> u32 {
    u32::from(result.is_none())
}

/// The innermost activation of this thread, and its store.
///
/// # Safety
/// Guest code of this thread has called the runtime, and nobody uses its store as long as this does.
pub(super) unsafe fn running<'a>() -> (&'a Activation, &'a mut StoreCore) {
    // SAFETY: guest code runs, so there is an activation, and its store is borrowed by the call that entered.
    unsafe {
        let activation = &*innermost();
        (activation, &mut *activation.store().cast::<StoreCore>())
    }
}
