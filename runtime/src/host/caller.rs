//! What a host function can reach while a guest waits for it.

use crate::abi::layout::VmContextHead;
use crate::report::backtrace::WasmBacktrace;
use crate::vm::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::vm::handle::Extern;
use crate::vm::instance::InstanceData;
use crate::vm::store::{StoreCore, StoreInner};
#[cfg(feature = "wasi")]
use crate::{record::Write, vm::handle::Memory};

/// The store, and the instance that called the host function.
pub struct Caller<'a, T: 'static> {
    store: &'a mut StoreInner<T>,
    context: *mut VmContextHead,
}

impl<T: 'static> Caller<'_, T> {
    /// # Safety
    /// `store` must be the core of a `Store<T>` that is borrowed for the running call and used by nobody else meanwhile;
    /// `context` null or that of an instance in it.
    pub(crate) unsafe fn new<'a>(
        store: *mut StoreCore,
        context: *mut VmContextHead,
    ) -> Caller<'a, T> {
        // SAFETY: the core is the first field of StoreInner<T>, which is repr(C).
        let store = unsafe { &mut *store.cast::<StoreInner<T>>() };
        Caller { store, context }
    }

    /// An export of the instance that called; `None` when the host itself did.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        if self.context.is_null() {
            return None;
        }
        // SAFETY: a caller's context points to its instance, which lives as long as the store.
        let instance = unsafe { &mut *(*self.context).instance.cast::<InstanceData>() };
        instance.get_export(name, self.store.core.id())
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.store.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.store.data
    }

    /// The guests that wait, innermost first.
    pub fn backtrace(&self) -> WasmBacktrace {
        WasmBacktrace::capture(self)
    }

    /// The same with variables and locals, where the engine has debug info.
    pub fn backtrace_with_values(&self) -> WasmBacktrace {
        WasmBacktrace::capture_with_values(self)
    }
}

/// Access to the store for WASI.
#[cfg(feature = "wasi")]
impl<T: 'static> Caller<'_, T> {
    /// Takes note of what the guest wrote on its standard error.
    pub(crate) fn note_stderr(&mut self, bytes: &[u8]) {
        self.store.core.stderr.push(bytes);
    }

    /// Returns true if what host functions do is recorded.
    pub(crate) fn is_recorded(&self) -> bool {
        let session = self.store.core.session.as_ref();
        session.is_some_and(|session| session.is_live())
    }

    /// Notes for the recording that bytes of a memory were written: pairs of an address and a length.
    pub(crate) fn note_writes(&mut self, memory: Memory, writes: &[(u64, u64)]) {
        for (at, len) in writes {
            self.store.core.note_write(memory, *at, *len);
        }
    }

    /// Notes for the recording what was written on a standard stream.
    pub(crate) fn note_output(&mut self, stream: u8, bytes: Vec<u8>) {
        if let Some(session) = &mut self.store.core.session {
            session.note(|| Write::Output { stream, bytes });
        }
    }

    /// The bytes of a memory and the embedder's data at once. What is written is the caller's to note.
    pub(crate) fn memory_and_data(&mut self, memory: Memory) -> (&mut [u8], &mut T) {
        // SAFETY: the guest waits, and the store is borrowed; its data is no part of a memory, which is no shared one.
        (
            unsafe { &mut *self.store.core.memory(memory).bytes() },
            &mut self.store.data,
        )
    }
}

impl<T: 'static> AsContext for Caller<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.store)
    }
}

impl<T: 'static> AsContextMut for Caller<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(self.store)
    }
}
