//! The runtime functions behind [`Builtin`], in its order. Each gets the VmContext of the instance that calls.

use super::gc;
use super::recorded;
use super::running::{Call, done, size_before};
use super::segments::copy_elements;
use super::throw::{enter_raise, enter_throw, enter_throw_ref};
use super::watched;
use crate::abi::builtin::Builtin;
use crate::abi::layout::{VmContextHead, VmFuncRef};
use crate::index::*;
use crate::record::Growth;
use crate::vm::parking::WaitResult;
use crate::vm::shared::Expected;
use cranelift_entity::EntityRef;
use std::ops::Range;
use std::time::Duration;

/// A runtime function's address.
#[repr(transparent)]
pub struct Entry(*const ());

// SAFETY: addresses of code are the same for all threads.
unsafe impl Sync for Entry {}

/// The target of `VmContextHead::builtins`.
pub struct Table([Entry; Builtin::ALL.len()]);

impl Table {
    /// As code reads it.
    pub fn as_ptr(&self) -> *const usize {
        self.0.as_ptr().cast()
    }
}

/// The runtime functions, in the order of [`Builtin`].
pub static TABLE: Table = Table([
    Entry(memory_grow as *const ()),
    Entry(memory_copy as *const ()),
    Entry(memory_fill as *const ()),
    Entry(memory_init as *const ()),
    Entry(data_drop as *const ()),
    Entry(table_grow as *const ()),
    Entry(table_fill as *const ()),
    Entry(table_copy as *const ()),
    Entry(table_init as *const ()),
    Entry(elem_drop as *const ()),
    Entry(table_get_lazy as *const ()),
    Entry(ref_func as *const ()),
    Entry(enter_throw as *const ()),
    Entry(enter_throw_ref as *const ()),
    Entry(gc::new_struct as *const ()),
    Entry(gc::new_array as *const ()),
    Entry(gc::new_array_of_data as *const ()),
    Entry(gc::new_array_of_elements as *const ()),
    Entry(gc::array_repeat as *const ()),
    Entry(gc::array_copy as *const ()),
    Entry(gc::array_init_data as *const ()),
    Entry(gc::array_init_elem as *const ()),
    Entry(gc::function_number as *const ()),
    Entry(gc::function_of as *const ()),
    Entry(enter_raise as *const ()),
    Entry(memory_wait as *const ()),
    Entry(memory_notify as *const ()),
    Entry(watched_write as *const ()),
]);

/// The range of `len` from `start`, where it is within `size`.
fn range(start: u64, len: u64, size: u64) -> Option<Range<usize>> {
    let end = start.checked_add(len).filter(|end| *end <= size)?;
    Some(start as usize..end as usize)
}

unsafe extern "C" fn memory_grow(context: *mut VmContextHead, memory: u32, pages: u64) -> u64 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let place = Growth::Memory(memory);
    let memory = call.memory(memory);
    recorded::grow(call.store, place, pages, |store| {
        let grown = store.grow_memory(memory, pages);
        size_before(store, grown)
    })
}

unsafe extern "C" fn memory_copy(
    context: *mut VmContextHead,
    to_memory: u32,
    from_memory: u32,
    to: u64,
    from: u64,
    len: u64,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let (to_bytes, from_bytes) = (call.bytes(to_memory), call.bytes(from_memory));
    done(
        range(to, len, to_bytes.len() as u64)
            .zip(range(from, len, from_bytes.len() as u64))
            .map(|(to, from)| {
                // SAFETY: both ranges are within their memories; they may overlap.
                unsafe {
                    std::ptr::copy(
                        from_bytes.cast::<u8>().add(from.start),
                        to_bytes.cast::<u8>().add(to.start),
                        to.len(),
                    );
                }
            }),
    )
}

unsafe extern "C" fn memory_fill(
    context: *mut VmContextHead,
    memory: u32,
    to: u64,
    byte: u32,
    len: u64,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let bytes = call.bytes(memory);
    done(range(to, len, bytes.len() as u64).map(|to| {
        // SAFETY: the range is within the memory.
        unsafe { std::ptr::write_bytes(bytes.cast::<u8>().add(to.start), byte as u8, to.len()) }
    }))
}

unsafe extern "C" fn memory_init(
    context: *mut VmContextHead,
    memory: u32,
    segment: u32,
    to: u64,
    from: u32,
    len: u32,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let memory = call.memory(memory);
    // SAFETY: the instance is boxed in the store, which the running guest's borrow keeps.
    let instance = unsafe { &*call.instance };
    let window = instance.module.info().data[DataIndex::from_u32(segment)]
        .bytes
        .clone();
    let segment = match instance.dropped_data[segment as usize] {
        true => &[][..],
        false => &instance.module.artifact().wasm()[window],
    };
    let from = range(u64::from(from), u64::from(len), segment.len() as u64);
    let memory = call.store.memory(memory);
    done(from.and_then(|from| memory.write(to as usize, &segment[from])))
}

unsafe extern "C" fn data_drop(context: *mut VmContextHead, segment: u32) {
    // SAFETY: code passes its own context.
    unsafe { Call::new(context) }.instance().dropped_data[segment as usize] = true;
}

unsafe extern "C" fn table_grow(
    context: *mut VmContextHead,
    table: u32,
    value: u64,
    delta: u64,
) -> u64 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let place = Growth::Table(table);
    let table = call.table(table);
    recorded::grow(call.store, place, delta, |store| {
        let grown = store.grow_table(table, delta, value);
        size_before(store, grown)
    })
}

unsafe extern "C" fn table_fill(
    context: *mut VmContextHead,
    table: u32,
    to: u64,
    value: u64,
    len: u64,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let table = call.table(table);
    let table = call.store.table_mut(table);
    done(
        range(to, len, table.vm.len)
            .map(|to| to.for_each(|index| table.set(index as u64, value).unwrap_or(()))),
    )
}

unsafe extern "C" fn table_copy(
    context: *mut VmContextHead,
    to_table: u32,
    from_table: u32,
    to: u64,
    from: u64,
    len: u64,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let (to_table, from_table) = (call.table(to_table), call.table(from_table));
    let (to_len, from_len) = (
        call.store.table(to_table).vm.len,
        call.store.table(from_table).vm.len,
    );
    done(
        range(to, len, to_len)
            .zip(range(from, len, from_len))
            .map(|(to, from)| {
                let mut copy = |(to, from): (usize, usize)| {
                    let value = call.store.table_element(from_table, from as u64);
                    let table = call.store.table_mut(to_table);
                    table.set(to as u64, value.unwrap_or(0));
                };
                // They may overlap: no element is written before it is read.
                match to.start <= from.start {
                    true => to.zip(from).for_each(&mut copy),
                    false => to.zip(from).rev().for_each(&mut copy),
                }
            }),
    )
}

unsafe extern "C" fn table_init(
    context: *mut VmContextHead,
    table: u32,
    segment: u32,
    to: u64,
    from: u32,
    len: u32,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let table = call.table(table);
    let segment = ElemIndex::from_u32(segment);
    let instance = call.instance();
    let available = match instance.dropped_elements[segment.index()] {
        true => 0,
        false => instance.module.info().elements[segment].elements.len() as u64,
    };
    let (from, len) = (u64::from(from), u64::from(len));
    let size = call.store.table(table).vm.len;
    done(
        range(to, len, size)
            .zip(range(from, len, available))
            .map(|_| {
                let index = call.index();
                copy_elements(call.store, index, table, segment, to, from, len);
            }),
    )
}

unsafe extern "C" fn elem_drop(context: *mut VmContextHead, segment: u32) {
    // SAFETY: code passes its own context.
    unsafe { Call::new(context) }
        .instance()
        .drop_elements(ElemIndex::from_u32(segment));
}

unsafe extern "C" fn table_get_lazy(context: *mut VmContextHead, table: u32, index: u64) -> u64 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let table = call.table(table);
    call.store.table_element(table, index).unwrap_or(0)
}

unsafe extern "C" fn ref_func(context: *mut VmContextHead, func: u32) -> *mut VmFuncRef {
    // SAFETY: code passes its own context.
    unsafe { Call::new(context) }
        .instance()
        .func_ref(FuncIndex::from_u32(func))
}

/// The instruction has trapped before if the address is not in the memory or not aligned.
unsafe extern "C" fn memory_wait(
    context: *mut VmContextHead,
    memory: u32,
    address: u64,
    expected: u64,
    timeout: u64,
    bytes: u32,
) -> u64 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let memory = call.memory(memory);
    let memory = call.store.share(memory);
    // A negative timeout is none.
    let timeout = (timeout as i64 >= 0).then_some(Duration::from_nanos(timeout));
    let expected = match bytes {
        8 => Expected::DoubleWord(expected),
        _ => Expected::Word(expected as u32),
    };
    // Code looks at the epoch after the wait.
    let store = &*call.store;
    let is_over = || store.is_over();
    let can_be_over = store.engine().config().settings().epoch_interruption;
    let is_over: Option<&dyn Fn() -> bool> = can_be_over.then_some(&is_over);
    let result = memory.wait(address, expected, timeout, is_over);
    result.unwrap_or(WaitResult::Mismatch) as u64
}

unsafe extern "C" fn memory_notify(
    context: *mut VmContextHead,
    memory: u32,
    address: u64,
    count: u32,
) -> u64 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let memory = call.memory(memory);
    u64::from(
        call.store
            .share(memory)
            .atomic_notify(address, count)
            .unwrap_or(0),
    )
}

unsafe extern "C" fn watched_write(context: *mut VmContextHead, address: u64, len: u64) -> u32 {
    // SAFETY: code passes its own context.
    let call = unsafe { Call::new(context) };
    u32::from(watched::is_stopped_before(call.store, address, len))
}
