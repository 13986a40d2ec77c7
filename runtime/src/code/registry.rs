//! Code address → what is there, readable from a signal handler: no lock, no allocation.
//!
//! Readers announce themselves in a counter and read the current table; a writer publishes a new table and waits until no
//! reader that could have the old one is left before it frees it. Readers are short: a binary search.

use crate::abi::trap::TrapKind;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Placed code, as the signal handler needs it. A debugger's script reads it too (src/debugger/gdb/trap.py).
#[derive(Clone, Debug)]
#[repr(C)]
struct Entry {
    start: usize,
    end: usize,
    /// The contents of `.dwalin.traps`: they live as long as the entry is registered.
    traps: *const u8,
    traps_len: usize,
}

impl Entry {
    fn traps(&self) -> *const [u8] {
        std::ptr::slice_from_raw_parts(self.traps, self.traps_len)
    }
}

/// Entries sorted by address; `first` and `count` are those of `entries`, where a debugger can rely on them.
#[repr(C)]
struct Table {
    first: *const Entry,
    count: usize,
    entries: Box<[Entry]>,
}

impl Table {
    fn new(entries: Vec<Entry>) -> Table {
        let entries = entries.into_boxed_slice();
        Table {
            first: entries.as_ptr(),
            count: entries.len(),
            entries,
        }
    }
}

/// Has a name of its own so that debuggers find it: they tell the kind of a trap without a function's help.
#[unsafe(export_name = "__dwalin_code")]
static TABLE: AtomicPtr<Table> = AtomicPtr::new(std::ptr::null_mut());
static READERS: AtomicUsize = AtomicUsize::new(0);
static WRITER: Mutex<()> = Mutex::new(());

/// The guest code at an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// Why the instruction there can trap; `None` where it cannot.
    pub kind: Option<TrapKind>,
}

#[cfg(test)]
thread_local! {
    static LOOKUPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Looks an address up; `None` where no guest code is.
pub fn lookup(pc: usize) -> Option<Found> {
    #[cfg(test)]
    LOOKUPS.set(LOOKUPS.get() + 1);
    READERS.fetch_add(1, Ordering::SeqCst);
    let table = TABLE.load(Ordering::SeqCst);
    // SAFETY: tables are valid when published, and not freed while READERS counts us.
    let found = unsafe { table.as_ref() }.and_then(|table| {
        let index = table
            .entries
            .partition_point(|entry| entry.start <= pc)
            .checked_sub(1)?;
        let entry = &table.entries[index];
        // SAFETY: whoever registered the entry keeps the table alive until it has unregistered it, which waits for us.
        let traps = (entry.start..entry.end)
            .contains(&pc)
            .then(|| unsafe { &*entry.traps() })?;
        let offset = (pc - entry.start) as u32;
        let code = super::format::TrapTable::parse(traps).and_then(|traps| traps.lookup(offset));
        Some(Found {
            kind: code.and_then(TrapKind::from_code),
        })
    });
    READERS.fetch_sub(1, Ordering::SeqCst);
    found
}

/// Publishes what `change` makes of the table.
fn update(change: impl FnOnce(&mut Vec<Entry>)) {
    let _writer = WRITER
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let old = TABLE.load(Ordering::SeqCst);
    // SAFETY: only writers free tables, and we are the only one.
    let mut entries = unsafe { old.as_ref() }.map_or_else(Vec::new, |table| table.entries.to_vec());
    change(&mut entries);
    TABLE.store(
        Box::into_raw(Box::new(Table::new(entries))),
        Ordering::SeqCst,
    );
    while READERS.load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
    if !old.is_null() {
        // SAFETY: it came from Box::into_raw, is no longer published, and the readers that could have it are gone.
        drop(unsafe { Box::from_raw(old) });
    }
}

/// Code that is in the registry while this lives.
#[derive(Debug)]
pub struct Registered {
    start: usize,
}

impl Registered {
    /// Registers code and its traps.
    ///
    /// # Safety
    /// `traps` must stay readable until the value is dropped.
    pub unsafe fn new(text: Range<usize>, traps: *const [u8]) -> Registered {
        let start = text.start;
        update(|entries| {
            let at = entries.partition_point(|entry| entry.start < start);
            let entry = Entry {
                start,
                end: text.end,
                traps: traps.cast(),
                traps_len: traps.len(),
            };
            entries.insert(at, entry);
        });
        Registered { start }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        update(|entries| entries.retain(|entry| entry.start != self.start));
    }
}

#[cfg(test)]
mod tests {
    use super::LOOKUPS;
    use crate::{Config, Engine, Instance, Module, Store};

    #[test]
    fn a_trap_is_looked_up_once() {
        for debug_info in [false, true] {
            let engine = Engine::new(Config::new().debug_info(debug_info));
            let wat = "(module (memory 1)
                (func $f (param i32) (result i32) local.get 0 i32.load)
                (func (export \"run\") (result i32) i32.const 0xfffffff0 call $f))";
            let module = Module::new(&engine, wat).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let run = instance
                .get_typed_func::<(), i32>(&mut store, "run")
                .unwrap();
            let before = LOOKUPS.get();
            let error = run.call(&mut store, ()).unwrap_err();
            assert_eq!(LOOKUPS.get() - before, 1);
            assert_eq!(error.trap().unwrap().backtrace().frames().len(), 2);
        }
    }
}
