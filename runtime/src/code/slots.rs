//! The slots of functions' values, and where their calls return to: a table of the artifact.
//!
//! The number n of functions, n + 1 positions (in words) in what follows. For each function: the number of words of its slots, and these
//! ([`slots`]); then where calls return to, as offsets in the function's code.

use super::format::{Words, WordsWriter};
use crate::abi::slots;
use dwalin_debuginfo::address::{CodeOffset, WasmPc};
use dwalin_debuginfo::code::DebugSlots;

/// The table.
#[derive(Clone, Copy, Debug)]
pub struct SlotTable<'a> {
    starts: Words<'a>,
    words: Words<'a>,
}

impl<'a> SlotTable<'a> {
    /// The section's contents; `None` where they are cut short.
    pub fn parse(bytes: &'a [u8]) -> Option<SlotTable<'a>> {
        let all = Words::new(bytes);
        let count = all.get(0)? as usize;
        let starts = all.slice(1, count.checked_add(1)?)?;
        let words = all.slice(2 + count, starts.get(count)? as usize)?;
        Some(SlotTable { starts, words })
    }

    /// Writes a section.
    pub fn write<'k>(
        functions: impl ExactSizeIterator<Item = (&'k DebugSlots, &'k [CodeOffset])>,
    ) -> Vec<u8> {
        let (mut starts, mut records) = (WordsWriter::default(), WordsWriter::default());
        starts.extend([functions.len() as u32, 0]);
        for (slots, returns) in functions {
            let words = slots::words(slots, |pc| pc.0);
            if !words.is_empty() || !returns.is_empty() {
                records.extend([words.len() as u32]);
                records.extend(words);
                records.extend(returns.iter().map(|offset| offset.0));
            }
            starts.extend([(records.0.len() / 4) as u32]);
        }
        starts.0.extend(records.0);
        starts.0
    }

    /// Returns the slots of a function, by its index among those defined, and the return addresses of its calls.
    pub fn get(&self, function: usize) -> Option<(DebugSlots, Vec<CodeOffset>)> {
        let from = self.starts.get(function)? as usize;
        let to = self.starts.get(function + 1)? as usize;
        let words = self.words.slice(from, to.checked_sub(from)?)?;
        let Some(count) = words.get(0) else {
            return Some(Default::default());
        };
        let slots = slots::read(words.slice(1, count as usize)?.iter(), WasmPc)?;
        let returns = (count as usize).checked_add(1)?;
        let offsets = words.slice(returns, (to - from).checked_sub(returns)?)?;
        Some((slots, offsets.iter().map(CodeOffset).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dwalin_debuginfo::address::FrameOffset;
    use dwalin_debuginfo::code::{DebugSlot, ValueType};

    #[test]
    fn what_is_written_is_read() {
        let none = DebugSlots::default();
        let some = DebugSlots {
            slots: vec![DebugSlot::home(3, FrameOffset(-24), ValueType::F64)],
            gaps: vec![(3, WasmPc(4)..WasmPc(9))],
        };
        let returns = [CodeOffset(12), CodeOffset(40)];
        let functions: [(&DebugSlots, &[CodeOffset]); 3] =
            [(&none, &[]), (&some, &returns), (&none, &returns)];
        let bytes = SlotTable::write(functions.into_iter());
        let table = SlotTable::parse(&bytes).unwrap();
        for (i, (slots, returns)) in functions.into_iter().enumerate() {
            let (found, found_returns) = table.get(i).unwrap();
            assert_eq!((&found.slots, &found.gaps), (&slots.slots, &slots.gaps));
            assert_eq!(found_returns, returns);
        }
        assert!(table.get(3).is_none());
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let (none, returns) = (DebugSlots::default(), [CodeOffset(12)]);
        let functions: [(&DebugSlots, &[CodeOffset]); 1] = [(&none, &returns)];
        let bytes = SlotTable::write(functions.into_iter());
        for len in 0..bytes.len() {
            assert!(SlotTable::parse(&bytes[..len]).is_none(), "{len}");
        }
    }
}
