//! The heap of a store: structures and arrays of its guests (`abi/heap.rs` has their layout).
//!
//! Guests hold references that only this and compiled code make: to objects that were allocated with the size that their type needs.
//! Compiled code accesses fields without further checks, since validation proves the type; it checks indices of arrays against their
//! length, which is written once, when the array is allocated. No object holds an address, and whatever number code took for a reference,
//! the access would be within the [`Space`].

mod heap;
mod marking;
mod null;
pub mod space;

use crate::abi::heap::{
    KIND, KIND_ARRAY, KIND_STRUCT, LENGTH, ObjectLayout, PINNED, TAG_HOST, TAG_MASK, TYPE,
};
use crate::abi::layout::VmFuncRef;
use crate::config::Collector;
use crate::engine::Engine;
use crate::index::SharedTypeId;
use crate::module::composite::StorageType;
use crate::module::reference::HeapType;
use crate::module::types::ValType;
use heap::{GcHeap, References, Types};
use marking::MarkingHeap;
use null::NullHeap;
use space::Head;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

/// Bytes that a store's objects can have.
const LIMIT: u32 = 1 << 30;

/// The objects of a store.
pub(crate) struct Objects {
    engine: Engine,
    /// None before a module with structures or arrays is instantiated.
    heap: Option<Box<dyn GcHeap>>,
    layouts: HashMap<SharedTypeId, Arc<ObjectLayout>>,
    /// The functions that objects refer to, by their numbers.
    functions: Vec<*mut VmFuncRef>,
    numbers: HashMap<*mut VmFuncRef, u32>,
    /// True if objects may hold exceptions.
    holds_exceptions: bool,
}

impl Objects {
    pub(crate) fn new(engine: &Engine) -> Objects {
        Objects {
            engine: engine.clone(),
            heap: None,
            layouts: HashMap::new(),
            functions: vec![std::ptr::null_mut()],
            numbers: HashMap::from([(std::ptr::null_mut(), 0)]),
            holds_exceptions: false,
        }
    }

    /// The same without objects, for as long as they are elsewhere.
    pub(crate) fn without_heap(&self) -> Objects {
        Objects::new(&self.engine)
    }

    /// The base of the heap, which is reserved now if it was not before.
    pub(crate) fn reserve(&mut self) -> io::Result<*mut u8> {
        let heap = match &mut self.heap {
            Some(heap) => heap,
            none => {
                let config = self.engine.config();
                none.insert(match config.chosen_collector() {
                    Collector::Null => Box::new(NullHeap::new(LIMIT)?),
                    _ => Box::new(MarkingHeap::new(LIMIT, config.gc_zeal())?),
                })
            }
        };
        Ok(heap.space().base())
    }

    /// The layout of the objects of a type.
    pub(crate) fn layout(&mut self, id: SharedTypeId) -> Arc<ObjectLayout> {
        let engine = &self.engine;
        let holds_exceptions = &mut self.holds_exceptions;
        let layout = self.layouts.entry(id).or_insert_with(|| {
            let ty = engine.shared_type(id);
            let layout = ty.map_or(ObjectLayout::None, |ty| ObjectLayout::of(&ty));
            *holds_exceptions |= layout.holds_exceptions();
            Arc::new(layout)
        });
        layout.clone()
    }

    /// The words of objects that may be handles of exceptions.
    pub(crate) fn exceptions(&self) -> impl Iterator<Item = u64> + '_ {
        let heap = self.heap.iter().filter(|_| self.holds_exceptions);
        heap.flat_map(|heap| {
            let offsets = (0..heap.used()).step_by(8);
            offsets.map(|offset| u64::from_le_bytes(heap.space().read(offset)))
        })
    }

    /// Returns true if objects should be collected before one of a type is made, an array of so many elements.
    pub(crate) fn is_due(&mut self, id: SharedTypeId, len: u32) -> bool {
        let bytes = self.layout(id).object_size(len);
        self.heap.as_mut().is_some_and(|heap| heap.is_due(bytes))
    }

    /// Frees the objects that no root leads to: `roots` has all references that there are outside of the heap. Returns the numbers of the
    /// host's objects that are still referred to; `None` where nothing was freed.
    pub(crate) fn collect(&mut self, mut roots: impl Iterator<Item = u64>) -> Option<HashSet<u32>> {
        let mut types = TypesOfEngine {
            engine: &self.engine,
            known: HashMap::new(),
            last: None,
        };
        match &mut self.heap {
            Some(heap) => heap.collect(&mut roots, &mut types),
            // Without objects of guests, roots alone refer to the host's.
            None => {
                let hosts = roots.filter(|word| *word as i64 & TAG_MASK == TAG_HOST);
                Some(hosts.map(|word| word as u32 >> 3).collect())
            }
        }
    }

    /// Keeps an object because the host has a reference to it.
    pub(crate) fn pin(&self, word: u32) {
        if i64::from(word) & TAG_MASK == 0
            && let Some(heap) = self.heap.as_ref().filter(|heap| word < heap.used())
        {
            heap.space()
                .set_bits(word.wrapping_add(KIND as u32), PINNED);
        }
    }

    /// A new structure, whose fields are zero; `None` where the heap is full.
    pub(crate) fn new_struct(&mut self, id: SharedTypeId) -> Option<u32> {
        let size = self.layout(id).object_size(0);
        let object = self.heap.as_mut()?.allocate(u32::try_from(size).ok()?)?;
        self.write(object, TYPE as u32, &id.as_u32().to_le_bytes());
        self.write(object, KIND as u32, &KIND_STRUCT.to_le_bytes());
        Some(object)
    }

    /// A new array of so many elements, which are zero; `None` where the heap is full.
    pub(crate) fn new_array(&mut self, id: SharedTypeId, len: u32) -> Option<u32> {
        let size = self.layout(id).object_size(len);
        let object = self.heap.as_mut()?.allocate(u32::try_from(size).ok()?)?;
        self.write(object, TYPE as u32, &id.as_u32().to_le_bytes());
        self.write(object, KIND as u32, &KIND_ARRAY.to_le_bytes());
        self.write(object, LENGTH as u32, &len.to_le_bytes());
        Some(object)
    }

    fn write(&mut self, object: u32, offset: u32, bytes: &[u8]) {
        if let Some(heap) = &mut self.heap {
            heap.space_mut().write(object.wrapping_add(offset), bytes);
        }
    }

    pub(crate) fn read<const N: usize>(&self, object: u32, offset: u32) -> [u8; N] {
        let heap = self.heap.as_ref();
        heap.map_or([0; N], |heap| {
            heap.space().read(object.wrapping_add(offset))
        })
    }

    /// The number of an array's elements.
    pub(crate) fn array_len(&self, array: u32) -> u32 {
        u32::from_le_bytes(self.read(array, LENGTH as u32))
    }

    /// The type of an object.
    pub(crate) fn type_of(&self, object: u32) -> SharedTypeId {
        SharedTypeId::from_u32(u32::from_le_bytes(self.read(object, TYPE as u32)))
    }

    /// Bytes of the heap that may have objects.
    pub(crate) fn used(&self) -> u32 {
        self.heap.as_ref().map_or(0, |heap| heap.used())
    }

    /// Those bytes, while no guest runs.
    pub(crate) fn contents(&self) -> &[u8] {
        let used = self.used();
        let bytes = self
            .heap
            .as_ref()
            .and_then(|heap| heap.space().bytes(0, used));
        // SAFETY: they are mapped as long as the heap is there, and only guests and those who borrow the store mutably write to them.
        bytes.map_or(&[], |bytes| unsafe {
            std::slice::from_raw_parts(bytes, used as usize)
        })
    }

    /// The functions that objects refer to, by their numbers.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (u32, *mut VmFuncRef)> + '_ {
        (0..).zip(self.functions.iter().copied()).skip(1)
    }

    /// Some bytes of the heap, if there are so many.
    pub(crate) fn bytes(&self, object: u32, offset: u64, len: u64) -> Option<*mut u8> {
        let start = u32::try_from(u64::from(object) + offset).ok()?;
        let heap = self.heap.as_ref()?;
        heap.space().bytes(start, u32::try_from(len).ok()?)
    }

    /// The number of a function among those that objects refer to.
    pub(crate) fn number_of(&mut self, function: *mut VmFuncRef) -> u32 {
        if let Some(known) = self.numbers.get(&function) {
            return *known;
        }
        let number = self.functions.len() as u32;
        self.functions.push(function);
        self.numbers.insert(function, number);
        if let Some(heap) = &mut self.heap {
            heap.space_mut().set_head(Head {
                functions: self.functions.as_ptr(),
                count: self.functions.len() as u64,
            });
        }
        number
    }

    /// The function with a number.
    pub(crate) fn function(&self, number: u32) -> *mut VmFuncRef {
        let found = self.functions.get(number as usize);
        found.copied().unwrap_or(std::ptr::null_mut())
    }

    /// Assigns elements of an array from one on, those that there are.
    pub(crate) fn fill_array(&mut self, array: u32, at: u32, values: impl Iterator<Item = u128>) {
        let ty = self.type_of(array);
        let layout = self.layout(ty);
        let ObjectLayout::Array {
            element,
            size,
            base,
        } = *layout
        else {
            return;
        };
        for (index, value) in (at..self.array_len(array)).zip(values) {
            self.store(array, base + index * size, element, value);
        }
    }

    /// The bytes of an element of an array, and those before the first; `None` of another type, of which only what a debugger took for a
    /// reference can be.
    pub(crate) fn elements(&mut self, id: SharedTypeId) -> Option<(u32, u32)> {
        match *self.layout(id) {
            ObjectLayout::Array { size, base, .. } => Some((size, base)),
            _ => None,
        }
    }

    /// The bytes of elements of an array; `None` where they are not there.
    pub(crate) fn element_bytes(
        &mut self,
        array: u32,
        at: u32,
        len: u32,
    ) -> Option<(*mut u8, usize)> {
        let end = at.checked_add(len)?;
        if end > self.array_len(array) {
            return None;
        }
        let (size, base) = self.elements(self.type_of(array))?;
        let offset = u64::from(base) + u64::from(at) * u64::from(size);
        let bytes = u64::from(len) * u64::from(size);
        let place = self.bytes(array, offset, bytes)?;
        Some((place, bytes as usize))
    }

    /// Assigns the first of some elements of an array to the others; none where they are not all there.
    pub(crate) fn repeat_element(&mut self, array: u32, at: u32, len: u32) {
        let Some((place, bytes)) = self.element_bytes(array, at, len) else {
            return;
        };
        let mut done = bytes / (len as usize).max(1);
        while done < bytes {
            let next = done.min(bytes - done);
            // SAFETY: what is there already is before what is copied, and all of it is of the elements.
            unsafe { place.add(done).copy_from_nonoverlapping(place, next) };
            done += next;
        }
    }

    /// A field's value as a slot. Packed ones are extended by zeros.
    pub(crate) fn load(&self, object: u32, offset: u32, storage: StorageType) -> u128 {
        match storage {
            StorageType::I8 => self.read::<1>(object, offset)[0].into(),
            StorageType::I16 => u16::from_le_bytes(self.read(object, offset)).into(),
            StorageType::Val(ValType::I32 | ValType::F32) => {
                u32::from_le_bytes(self.read(object, offset)).into()
            }
            StorageType::Val(ValType::I64 | ValType::F64) => {
                u64::from_le_bytes(self.read(object, offset)).into()
            }
            StorageType::Val(ValType::V128) => u128::from_le_bytes(self.read(object, offset)),
            StorageType::Val(ty @ ValType::Ref(_)) => match self.engine.top(ty) {
                Some(HeapType::Exn) => u64::from_le_bytes(self.read(object, offset)).into(),
                Some(HeapType::Func) => {
                    self.function(u32::from_le_bytes(self.read(object, offset))) as u128
                }
                _ => u32::from_le_bytes(self.read(object, offset)).into(),
            },
        }
    }

    /// Assigns a field by a slot.
    pub(crate) fn store(&mut self, object: u32, offset: u32, storage: StorageType, slot: u128) {
        let (mut slot, mut len) = (slot, 4);
        match storage {
            StorageType::I8 => len = 1,
            StorageType::I16 => len = 2,
            StorageType::Val(ValType::I32 | ValType::F32) => {}
            StorageType::Val(ValType::I64 | ValType::F64) => len = 8,
            StorageType::Val(ValType::V128) => len = 16,
            StorageType::Val(ty @ ValType::Ref(_)) => match self.engine.top(ty) {
                Some(HeapType::Exn) => len = 8,
                Some(HeapType::Func) => slot = self.number_of(slot as u64 as *mut _).into(),
                _ => {}
            },
        }
        self.write(object, offset, &slot.to_le_bytes()[..len]);
    }
}

/// The types of an engine as a collection asks for them: mostly the one that it asked for last.
struct TypesOfEngine<'a> {
    engine: &'a Engine,
    known: HashMap<SharedTypeId, Arc<References>>,
    last: Option<(SharedTypeId, Arc<References>)>,
}

impl Types for TypesOfEngine<'_> {
    fn references(&mut self, id: SharedTypeId) -> Arc<References> {
        if let Some((_, references)) = self.last.as_ref().filter(|(last, _)| *last == id) {
            return references.clone();
        }
        let engine = self.engine;
        let references = self.known.entry(id).or_insert_with(|| {
            let ty = engine.shared_type(id);
            let layout = ty.map_or(ObjectLayout::None, |ty| ObjectLayout::of(&ty));
            let is_word = |storage: &StorageType| {
                matches!(storage, StorageType::Val(ty)
                    if matches!(engine.top(*ty), Some(HeapType::Any | HeapType::Extern)))
            };
            let words = match &layout {
                ObjectLayout::None => Vec::new(),
                ObjectLayout::Struct { fields, .. } => {
                    let words = fields.iter().filter(|(storage, _)| is_word(storage));
                    words.map(|(_, offset)| *offset).collect()
                }
                ObjectLayout::Array { element, base, .. } => {
                    is_word(element).then_some(*base).into_iter().collect()
                }
            };
            Arc::new(References {
                layout,
                words: words.into(),
            })
        });
        self.last = Some((id, references.clone()));
        references.clone()
    }
}
