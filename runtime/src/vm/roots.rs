//! References outside of the heap: what a collection starts from.

use super::handle::ExternRef;
use super::store::StoreCore;
use crate::abi::heap::{TAG_HOST, TAG_MASK};
use crate::module::reference::HeapType;
use crate::module::types::ValType;
use std::any::Any;

impl StoreCore {
    /// Makes a host object that guests can hold.
    pub(crate) fn new_extern_ref(&mut self, object: Box<dyn Any + Send + Sync>) -> ExternRef {
        let number = self.host_objects.add(object);
        let word = u32::try_from(number << 3 | TAG_HOST as usize);
        ExternRef {
            store: self.id(),
            word: word.expect("a store has half a billion objects of the host's at most"),
        }
    }

    /// The object behind a reference; of an internal reference that was converted, and of one that was let go, nothing.
    pub(crate) fn extern_ref(&self, reference: ExternRef) -> &(dyn Any + Send + Sync) {
        let held = (i64::from(reference.word) & TAG_MASK == TAG_HOST)
            .then(|| self.host_objects.get(reference.word));
        held.flatten().unwrap_or(&())
    }

    /// Keeps what a reference is of because the host has it.
    pub(crate) fn pin(&self, word: u32) {
        match i64::from(word) & TAG_MASK {
            TAG_HOST => self.set_hosts(word, true),
            _ => self.objects.pin(word),
        }
    }

    /// Says of an object of the host's whether the host has a reference to it.
    pub(crate) fn set_hosts(&self, word: u32, is_hosts: bool) {
        self.host_objects.set_hosts(word, is_hosts);
    }

    /// Frees objects that nobody refers to. `on_stack` are the words of the guests that wait.
    pub(crate) fn collect(&mut self, on_stack: impl Iterator<Item = u64>) {
        let empty = self.objects.without_heap();
        let mut objects = std::mem::replace(&mut self.objects, empty);
        let held = objects.collect(on_stack.chain(self.reference_roots()));
        self.objects = objects;
        if let Some(held) = held {
            self.host_objects.retain(&held);
        }
    }

    /// The references in globals, tables, segments and exceptions.
    fn reference_roots(&self) -> impl Iterator<Item = u64> + '_ {
        let is_word = |ty: ValType| {
            let top = self.engine().top(ty);
            matches!(top, Some(HeapType::Any | HeapType::Extern))
        };
        let instances = self.instances.iter();
        let globals = instances.flat_map(|instance| &instance.globals);
        let globals = globals.filter(move |global| is_word(global.ty.content));
        // SAFETY: a global lives as long as the store.
        let globals = globals.map(|global| unsafe { *global.cell.as_ptr() as u64 });
        let tables = self.all_tables();
        let tables = tables.filter(move |table| is_word(table.ty().element));
        let elements =
            tables.flat_map(|table| (0..table.vm.len).filter_map(|index| table.get(index)));
        let segments = self.instances.iter();
        let segments = segments.flat_map(|instance| instance.element_values.iter());
        let segments = segments.flat_map(|values| values.iter().copied());
        let exceptions = self.exceptions.live.values();
        let exceptions = exceptions.flat_map(|it| it.values.iter().map(|slot| *slot as u64));
        globals
            .chain(self.own_globals())
            .chain(elements)
            .chain(segments)
            .chain(exceptions)
    }
}
