//! The slots of a function's values in words: as artifacts have them, and the functions that are compiled once.
//!
//! | words | contents |
//! |---|---|
//! | number and kind, type, frame offset | the home of a local |
//! | number and kind, type, frame offset, address, end address | another value |
//! | number and kind, address, end address | a gap of a local |
//!
//! The kind is in the highest bits of its word.

use dwalin_debuginfo::address::{FrameOffset, WasmPc};
use dwalin_debuginfo::code::{DebugSlot, DebugSlots, EVERYWHERE, KeptValue, SlotValue, ValueType};

/// Bits of a number: no module has as many locals, globals or operands (WebAssembly 3.0, appendix "Implementation Limitations").
const BITS: u32 = 29;
const NUMBER: u32 = (1 << BITS) - 1;

const LOCAL: u32 = 0;
const OPERAND: u32 = 1;
const GLOBAL: u32 = 2;
const ENTRY: u32 = 3;
const GAP: u32 = 4;

/// The words of slots, in which `address` stands for an address.
pub fn words(slots: &DebugSlots, address: impl Fn(WasmPc) -> u32) -> Vec<u32> {
    let mut words = Vec::new();
    for slot in &slots.slots {
        let (kind, number) = match slot.value {
            SlotValue::Local(number) => (LOCAL, number),
            SlotValue::Kept(KeptValue::Operand(number)) => (OPERAND, number),
            SlotValue::Kept(KeptValue::Global(number)) => (GLOBAL, number),
            SlotValue::Kept(KeptValue::Entry(number)) => (ENTRY, number),
        };
        words.extend([kind << BITS | number, slot.ty as u32, slot.offset.0 as u32]);
        if kind != LOCAL {
            words.extend([address(slot.range.start), address(slot.range.end)]);
        }
    }
    for (local, gap) in &slots.gaps {
        words.extend([GAP << BITS | local, address(gap.start), address(gap.end)]);
    }
    words
}

/// Reads slots; `None` where the words are damaged.
pub fn read(
    words: impl IntoIterator<Item = u32>,
    pc: impl Fn(u32) -> WasmPc,
) -> Option<DebugSlots> {
    let mut slots = DebugSlots::default();
    let mut words = words.into_iter();
    while let Some(first) = words.next() {
        let number = first & NUMBER;
        let kind = first >> BITS;
        let value = match kind {
            LOCAL => SlotValue::Local(number),
            OPERAND => SlotValue::Kept(KeptValue::Operand(number)),
            GLOBAL => SlotValue::Kept(KeptValue::Global(number)),
            ENTRY => SlotValue::Kept(KeptValue::Entry(number)),
            GAP => {
                let gap = pc(words.next()?)..pc(words.next()?);
                slots.gaps.push((number, gap));
                continue;
            }
            _ => return None,
        };
        slots.slots.push(DebugSlot {
            value,
            ty: *ValueType::ALL.get(words.next()? as usize)?,
            offset: FrameOffset(words.next()? as i32),
            range: match kind {
                LOCAL => EVERYWHERE,
                _ => pc(words.next()?)..pc(words.next()?),
            },
        });
    }
    Some(slots)
}

#[cfg(test)]
mod tests {
    use super::{read, words};
    use dwalin_debuginfo::address::{FrameOffset, WasmPc};
    use dwalin_debuginfo::code::{DebugSlot, DebugSlots, KeptValue, SlotValue, ValueType};

    #[test]
    fn what_is_written_is_read_and_damage_is_not() {
        let kept = |value, ty| DebugSlot {
            value: SlotValue::Kept(value),
            range: WasmPc(7)..WasmPc(20),
            offset: FrameOffset(-48),
            ty,
        };
        let slots = DebugSlots {
            slots: vec![
                DebugSlot::home(2, FrameOffset(-16), ValueType::V128),
                kept(KeptValue::Operand(3), ValueType::I32),
                kept(KeptValue::Global(0), ValueType::I64),
                kept(KeptValue::Entry(1), ValueType::F64),
            ],
            gaps: vec![(2, WasmPc(30)..WasmPc(40))],
        };
        // As distances from an address.
        let words = words(&slots, |pc| pc.0.wrapping_sub(8));
        let pc = |distance: u32| WasmPc(distance.wrapping_add(8));
        let found = read(words.iter().copied(), pc).unwrap();
        assert_eq!((found.slots, found.gaps), (slots.slots, slots.gaps));
        let ends = (0..words.len()).filter(|len| read(words[..*len].iter().copied(), pc).is_some());
        assert_eq!(ends.collect::<Vec<_>>(), [0, 3, 8, 13, 18]);
        assert!(read([7 << 29, 0, 0], pc).is_none() && read([0, 99, 0], pc).is_none());
    }
}
