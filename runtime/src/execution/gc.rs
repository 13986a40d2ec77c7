//! The runtime functions of objects of the heap. Code has checked the ranges of arrays; those of segments are checked here.

use super::running::{Call, done, running};
use super::segments::element_values;
use crate::abi::layout::{VmContextHead, VmFuncRef};
use crate::index::*;
use crate::unwind::exception::{Registers, entries, stack_words};
use crate::vm::gc::Objects;
use cranelift_entity::EntityRef;
use std::ops::Range;

/// Returned where the heap is full.
const FULL: u64 = u64::MAX;

impl Call<'_> {
    fn type_id(&mut self, ty: u32) -> SharedTypeId {
        self.instance().module.type_ids()[ty as usize]
    }

    /// A data segment's bytes for so many elements from a byte on; `None` where it has less.
    fn data(&mut self, segment: u32, from: u32, len: u32, size: u32) -> Option<Range<usize>> {
        let instance = self.instance();
        let window = instance.module.info().data[DataIndex::from_u32(segment)]
            .bytes
            .clone();
        let available = match instance.dropped_data[segment as usize] {
            true => 0,
            false => window.len() as u64,
        };
        let bytes = u64::from(len) * u64::from(size);
        let end = u64::from(from) + bytes;
        let start = window.start + from as usize;
        (end <= available).then(|| start..start + bytes as usize)
    }

    /// Returns true if an element segment has so many elements from one on.
    fn has_elements(&mut self, segment: u32, from: u32, len: u32) -> bool {
        let instance = self.instance();
        let available = match instance.dropped_elements[segment as usize] {
            true => 0,
            false => {
                let segment = &instance.module.info().elements[ElemIndex::from_u32(segment)];
                segment.elements.len() as u64
            }
        };
        u64::from(from) + u64::from(len) <= available
    }

    fn copy_data(&mut self, array: u64, at: u32, len: u32, data: Range<usize>) -> Option<()> {
        let (place, size) = self.store.objects.element_bytes(array as u32, at, len)?;
        let wasm = self.instance().module.clone();
        let bytes = wasm.artifact().wasm().get(data)?;
        // SAFETY: the elements are there, and the module's bytes are elsewhere.
        unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), size.min(bytes.len())) };
        Some(())
    }

    fn copy_elements(&mut self, array: u64, at: u32, segment: u32, from: u32, len: u32) {
        let index = self.index();
        let range = u64::from(from)..u64::from(from) + u64::from(len);
        let segment = ElemIndex::new(segment as usize);
        let values = element_values(self.store, index, segment, range);
        let values = values.into_iter().map(u128::from);
        self.store.objects.fill_array(array as u32, at, values);
    }
}

entries! {
    /// What the runtime calls to collect objects: what guests have in registers is on the stack then.
    enter_collect => collect;
}

unsafe extern "C" fn collect(
    _: *mut VmContextHead,
    _: usize,
    _: usize,
    registers: *mut Registers,
) -> u32 {
    // SAFETY: guest code runs, so there is an activation, and its store is borrowed by the call that entered; nobody uses it meanwhile.
    let (activation, store) = unsafe { running() };
    let store_pointer = activation.store();
    let mut found = 0;
    let mut next = Some(activation);
    while let Some(activation) = next {
        found += usize::from(activation.store() == store_pointer);
        // SAFETY: an outer activation is alive while an inner one is.
        next = unsafe { activation.outer.as_ref() };
    }
    // Where the host has called guests from another thread, the frames of those that wait are not to be seen from here.
    if found == store.entered {
        // SAFETY: the registers are in a frame of this thread's stack, below those of all guests.
        let on_stack = unsafe { stack_words(activation, registers) };
        store.collect(on_stack);
    }
    0
}

/// Makes an object of a type, an array of so many elements, after a collection if one is due; `None` where the heap is full even after that.
///
/// # Safety
/// `context` must be that of the running instance.
unsafe fn allocate(
    context: *mut VmContextHead,
    ty: u32,
    len: u32,
    make: impl Fn(&mut Objects, SharedTypeId) -> Option<u32>,
) -> Option<u32> {
    // SAFETY: an entry has three arguments before the registers.
    let collect = unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(),
            unsafe extern "C" fn(*mut VmContextHead, usize, usize),
        >(enter_collect)
    };
    // SAFETY: the caller's promise. What is borrowed of the store here is not used over a collection.
    let attempt = |is_last: bool| unsafe {
        let mut call = Call::new(context);
        let id = call.type_id(ty);
        let objects = &mut call.store.objects;
        if !is_last && objects.is_due(id, len) {
            return None;
        }
        make(objects, id)
    };
    attempt(false).or_else(|| {
        // SAFETY: guest code waits for the runtime function that this is part of.
        unsafe { collect(context, 0, 0) };
        attempt(true)
    })
}

pub(super) unsafe extern "C" fn new_struct(context: *mut VmContextHead, ty: u32) -> u64 {
    // SAFETY: code passes its own context.
    let object = unsafe { allocate(context, ty, 0, Objects::new_struct) };
    object.unwrap_or(0).into()
}

/// Makes an array; `None` where the heap is full.
///
/// # Safety
/// As [`allocate`].
unsafe fn new_array_of(context: *mut VmContextHead, ty: u32, len: u32) -> Option<u32> {
    let make = |objects: &mut Objects, id| objects.new_array(id, len);
    // SAFETY: the caller's promise.
    unsafe { allocate(context, ty, len, make) }
}

pub(super) unsafe extern "C" fn new_array(context: *mut VmContextHead, ty: u32, len: u32) -> u64 {
    // SAFETY: code passes its own context.
    unsafe { new_array_of(context, ty, len).unwrap_or(0).into() }
}

pub(super) unsafe extern "C" fn new_array_of_data(
    context: *mut VmContextHead,
    ty: u32,
    segment: u32,
    from: u32,
    len: u32,
) -> u64 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let id = call.type_id(ty);
    let elements = call.store.objects.elements(id);
    let Some(data) = elements.and_then(|(size, _)| call.data(segment, from, len, size)) else {
        return 0;
    };
    // SAFETY: code passes its own context.
    let Some(array) = (unsafe { new_array_of(context, ty, len) }) else {
        return FULL;
    };
    // SAFETY: as above.
    let mut call = unsafe { Call::new(context) };
    call.copy_data(array.into(), 0, len, data);
    array.into()
}

pub(super) unsafe extern "C" fn new_array_of_elements(
    context: *mut VmContextHead,
    ty: u32,
    segment: u32,
    from: u32,
    len: u32,
) -> u64 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    if !call.has_elements(segment, from, len) {
        return 0;
    }
    // SAFETY: code passes its own context.
    let Some(array) = (unsafe { new_array_of(context, ty, len) }) else {
        return FULL;
    };
    // SAFETY: as above.
    let mut call = unsafe { Call::new(context) };
    call.copy_elements(array.into(), 0, segment, from, len);
    array.into()
}

/// Gives elements of an array the value of the first of them.
pub(super) unsafe extern "C" fn array_repeat(
    context: *mut VmContextHead,
    array: u64,
    at: u32,
    len: u32,
) {
    // SAFETY: code passes its own context.
    let call = unsafe { Call::new(context) };
    call.store.objects.repeat_element(array as u32, at, len);
}

pub(super) unsafe extern "C" fn array_copy(
    context: *mut VmContextHead,
    to: u64,
    at: u32,
    source: u64,
    from: u32,
    len: u32,
) {
    // SAFETY: code passes its own context.
    let call = unsafe { Call::new(context) };
    let to = call.store.objects.element_bytes(to as u32, at, len);
    let source = call.store.objects.element_bytes(source as u32, from, len);
    if let (Some((to, size)), Some((source, count))) = (to, source) {
        // SAFETY: both are there. They may be of one array.
        unsafe { to.copy_from(source, size.min(count)) };
    }
}

pub(super) unsafe extern "C" fn array_init_data(
    context: *mut VmContextHead,
    segment: u32,
    array: u64,
    at: u32,
    from: u32,
    len: u32,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    let id = call.store.objects.type_of(array as u32);
    let elements = call.store.objects.elements(id);
    let data = elements.and_then(|(size, _)| call.data(segment, from, len, size));
    done(data.and_then(|data| call.copy_data(array, at, len, data)))
}

pub(super) unsafe extern "C" fn array_init_elem(
    context: *mut VmContextHead,
    segment: u32,
    array: u64,
    at: u32,
    from: u32,
    len: u32,
) -> u32 {
    // SAFETY: code passes its own context.
    let mut call = unsafe { Call::new(context) };
    if !call.has_elements(segment, from, len) {
        return 1;
    }
    call.copy_elements(array, at, segment, from, len);
    0
}

/// The number of a function among those that objects refer to.
pub(super) unsafe extern "C" fn function_number(
    context: *mut VmContextHead,
    function: *mut VmFuncRef,
) -> u64 {
    // SAFETY: code passes its own context.
    let call = unsafe { Call::new(context) };
    call.store.objects.number_of(function).into()
}

/// The function with a number.
pub(super) unsafe extern "C" fn function_of(
    context: *mut VmContextHead,
    number: u64,
) -> *mut VmFuncRef {
    // SAFETY: code passes its own context.
    let call = unsafe { Call::new(context) };
    call.store.objects.function(number as u32)
}
