//! A heap that frees: what cannot be reached any longer is found by marking what can, and becomes room for other objects. Objects do not move,
//! so what debuggers and the host were told stays true.
//!
//! ```text
//! object   type · kind, marks · fields or elements
//! room     its bytes · 0 · zeros
//! ```
//! Both lie one after the other from the first to the end; behind are zeros.

use super::heap::{GcHeap, References, Types};
use super::space::Space;
use crate::abi::heap::{
    KIND, KIND_ARRAY, KIND_MASK, KIND_STRUCT, LENGTH, MARKED, ObjectLayout, PINNED, TAG_HOST,
    TAG_MASK, TYPE,
};
use crate::index::SharedTypeId;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::num::NonZeroU32;

/// The place of the first object: 0 is null.
const FIRST: u32 = 8;
/// Bytes that places and sizes are multiples of.
const UNIT: u32 = 8;
/// Bytes that are allocated before anything is looked for, at least.
const BUDGET: u32 = 16 << 20;

/// A heap that frees.
pub struct MarkingHeap {
    space: Space,
    /// The end of the last object or room.
    end: u32,
    /// Room between objects, by its bytes.
    room: BTreeMap<u32, Vec<u32>>,
    /// Bytes that were allocated since the last collection.
    allocated: u32,
    /// Bytes that may be before the next.
    budget: u32,
    /// Of so many allocations each last one collects, and how many there were.
    zeal: Option<(NonZeroU32, u32)>,
    /// True if something is there that is neither an object nor room: then nothing is freed any more.
    is_damaged: bool,
}

/// An object, or room for one.
#[derive(Clone, Copy)]
struct Block {
    bytes: u32,
    is_object: bool,
}

/// The places of objects, a bit for each.
struct Places(Vec<u64>);

impl Places {
    fn has(&self, place: u32) -> bool {
        let bit = place / UNIT;
        let word = self.0.get((bit / 64) as usize);
        word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    fn add(&mut self, place: u32) {
        let bit = place / UNIT;
        self.0[(bit / 64) as usize] |= 1 << (bit % 64);
    }

    /// The last place that is not behind one.
    fn last_before(&self, place: u32) -> Option<u32> {
        let bit = place / UNIT;
        let mut index = (bit / 64) as usize;
        let mut word = self.0.get(index)? & (u64::MAX >> (63 - bit % 64));
        while word == 0 {
            index = index.checked_sub(1)?;
            word = self.0[index];
        }
        Some((index as u32 * 64 + 63 - word.leading_zeros()) * UNIT)
    }
}

/// The marking of one collection.
struct Marking {
    places: Places,
    /// Objects that are marked, and whose references are to be.
    waiting: Vec<u32>,
    /// Objects of the host that were found.
    hosts: HashSet<u32>,
}

impl MarkingHeap {
    /// A heap of so many bytes at most, in which of so many allocations one collects.
    ///
    /// # Errors
    /// The system's.
    pub fn new(limit: u32, zeal: Option<NonZeroU32>) -> io::Result<MarkingHeap> {
        Ok(MarkingHeap {
            space: Space::new(limit)?,
            end: FIRST,
            room: BTreeMap::new(),
            allocated: 0,
            budget: BUDGET,
            zeal: zeal.map(|each| (each, 0)),
            is_damaged: false,
        })
    }

    fn word(&self, place: u32) -> u32 {
        u32::from_le_bytes(self.space.read(place))
    }

    fn kind(&self, object: u32) -> u32 {
        self.word(object + KIND as u32)
    }

    fn set_kind(&mut self, object: u32, kind: u32) {
        self.space.write(object + KIND as u32, &kind.to_le_bytes());
    }

    /// The object or room at a place; `None` where there is something else.
    fn block(&self, place: u32, types: &mut dyn Types) -> Option<Block> {
        let (word, kind) = (self.word(place + TYPE as u32), self.kind(place) & KIND_MASK);
        let bytes = match kind {
            0 => u64::from(word),
            kind => {
                let references = types.references(SharedTypeId::from_u32(word));
                let len = match (&references.layout, kind) {
                    (ObjectLayout::Struct { .. }, KIND_STRUCT) => 0,
                    (ObjectLayout::Array { .. }, KIND_ARRAY) => self.word(place + LENGTH as u32),
                    _ => return None,
                };
                references.layout.object_size(len)
            }
        };
        let is_whole = bytes >= UNIT.into()
            && bytes % u64::from(UNIT) == 0
            && bytes <= u64::from(self.end - place);
        is_whole.then_some(Block {
            bytes: bytes as u32,
            is_object: kind != 0,
        })
    }

    /// The places of all objects; marks those that the host has.
    fn places(&mut self, types: &mut dyn Types) -> Option<Marking> {
        let words = (self.end / UNIT).div_ceil(64) as usize;
        let mut marking = Marking {
            places: Places(vec![0; words]),
            waiting: Vec::new(),
            hosts: HashSet::new(),
        };
        let mut place = FIRST;
        while place < self.end {
            let block = self.block(place, types)?;
            if block.is_object {
                marking.places.add(place);
                let kind = self.kind(place);
                if kind & PINNED != 0 {
                    self.set_kind(place, kind | MARKED);
                    marking.waiting.push(place);
                }
            }
            place += block.bytes;
        }
        Some(marking)
    }

    /// Marks what a word refers to, if it is a reference.
    fn mark(&mut self, word: u32, marking: &mut Marking) {
        match i64::from(word) & TAG_MASK {
            0 if marking.places.has(word) => {
                let kind = self.kind(word);
                if kind & MARKED == 0 {
                    self.set_kind(word, kind | MARKED);
                    marking.waiting.push(word);
                }
            }
            TAG_HOST => {
                marking.hosts.insert(word >> 3);
            }
            _ => {}
        }
    }

    /// Marks what a word of which nothing is known may refer to: a reference, or the address of an object or of something in it, which code
    /// keeps in place of the reference.
    fn mark_any(&mut self, word: u64, marking: &mut Marking, types: &mut dyn Types) {
        self.mark(word as u32, marking);
        let distance = word.wrapping_sub(self.space.base() as u64);
        if distance < u64::from(self.end)
            && let Some(object) = marking.places.last_before(distance as u32)
            && let Some(block) = self.block(object, types)
            && distance as u32 - object < block.bytes
        {
            self.mark(object, marking);
        }
    }

    /// Marks what an object refers to.
    fn mark_references(&mut self, object: u32, references: &References, marking: &mut Marking) {
        match (&references.layout, &*references.words) {
            (ObjectLayout::Array { base, size, .. }, [_, ..]) => {
                let len = self.word(object + LENGTH as u32);
                for index in 0..len {
                    let word = self.word(object + base + index * size);
                    self.mark(word, marking);
                }
            }
            (_, words) => {
                for offset in words {
                    let word = self.word(object + offset);
                    self.mark(word, marking);
                }
            }
        }
    }

    /// Makes what is not marked room for other objects.
    fn sweep(&mut self, types: &mut dyn Types) -> Option<()> {
        self.room.clear();
        let (mut place, mut start) = (FIRST, None);
        let mut live = 0;
        while place < self.end {
            let block = self.block(place, types)?;
            let kind = self.kind(place);
            if block.is_object && kind & MARKED != 0 {
                self.set_kind(place, kind & !MARKED);
                if let Some(start) = start.take() {
                    self.add_room(start, place - start);
                }
                live += block.bytes;
            } else {
                // Of room that was there before only the beginning is not zero.
                let bytes = if block.is_object { block.bytes } else { UNIT };
                self.space.clear(place, bytes);
                start.get_or_insert(place);
            }
            place += block.bytes;
        }
        self.end = start.unwrap_or(self.end);
        self.budget = live.max(BUDGET);
        Some(())
    }

    fn add_room(&mut self, place: u32, bytes: u32) {
        if bytes > 0 {
            self.space.write(place + TYPE as u32, &bytes.to_le_bytes());
            self.room.entry(bytes).or_default().push(place);
        }
    }

    /// Takes the smallest room that is large enough.
    fn take_room(&mut self, bytes: u32) -> Option<u32> {
        let mut large_enough = self.room.range_mut(bytes..);
        let (found, places) = large_enough.next()?;
        let (found, place) = (*found, places.pop()?);
        if places.is_empty() {
            self.room.remove(&found);
        }
        self.space.write(place + TYPE as u32, &[0; 4]);
        self.add_room(place + bytes, found - bytes);
        Some(place)
    }

    fn extend(&mut self, bytes: u32) -> Option<u32> {
        let place = self.end;
        let end = place.checked_add(bytes)?;
        (end <= self.space.size()).then(|| {
            self.end = end;
            place
        })
    }
}

impl GcHeap for MarkingHeap {
    fn space(&self) -> &Space {
        &self.space
    }

    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }

    fn used(&self) -> u32 {
        self.end
    }

    fn allocate(&mut self, size: u32) -> Option<u32> {
        let place = self.take_room(size).or_else(|| self.extend(size))?;
        self.allocated = self.allocated.saturating_add(size);
        Some(place)
    }

    fn is_due(&mut self, size: u64) -> bool {
        if self.is_damaged {
            return false;
        }
        if let Some((each, count)) = &mut self.zeal {
            *count += 1;
            if *count >= each.get() {
                *count = 0;
                return true;
            }
        }
        u64::from(self.allocated) + size > self.budget.into()
    }

    fn collect(
        &mut self,
        roots: &mut dyn Iterator<Item = u64>,
        types: &mut dyn Types,
    ) -> Option<HashSet<u32>> {
        self.allocated = 0;
        let marking = self.places(types);
        self.is_damaged |= marking.is_none();
        let mut marking = marking.filter(|_| !self.is_damaged)?;
        for word in roots {
            self.mark_any(word, &mut marking, types);
        }
        while let Some(object) = marking.waiting.pop() {
            let id = SharedTypeId::from_u32(self.word(object + TYPE as u32));
            let references = types.references(id);
            self.mark_references(object, &references, &mut marking);
        }
        self.is_damaged |= self.sweep(types).is_none();
        Some(marking.hosts)
    }
}
