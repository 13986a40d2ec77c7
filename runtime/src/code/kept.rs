//! What functions keep for locations besides their locals, and where their calls return to: a table of the artifact.
//!
//! The number n of functions, n + 1 positions (in words) in what follows. For each function: the number of values, for each its kind,
//! number, address, end address, frame offset and type; then where calls return to, as offsets in the function's code.

use super::format::{Words, WordsWriter};
use dwalin_debuginfo::address::{CodeOffset, FrameOffset, WasmPc};
use dwalin_debuginfo::code::{Kept, KeptValue, ValueType};

/// Words of a value.
const RECORD: usize = 6;

/// The table.
#[derive(Clone, Copy, Debug)]
pub struct KeptTable<'a> {
    starts: Words<'a>,
    words: Words<'a>,
}

impl<'a> KeptTable<'a> {
    /// The section's contents; `None` where they are cut short.
    pub fn parse(bytes: &'a [u8]) -> Option<KeptTable<'a>> {
        let all = Words::new(bytes);
        let count = all.get(0)? as usize;
        let starts = all.slice(1, count.checked_add(1)?)?;
        let words = all.slice(2 + count, starts.get(count)? as usize)?;
        Some(KeptTable { starts, words })
    }

    /// Writes a section.
    pub fn write<'k>(
        functions: impl ExactSizeIterator<Item = (&'k [Kept], &'k [CodeOffset])>,
    ) -> Vec<u8> {
        let (mut starts, mut records) = (WordsWriter::default(), WordsWriter::default());
        starts.extend([functions.len() as u32, 0]);
        for (kept, returns) in functions {
            if !kept.is_empty() || !returns.is_empty() {
                records.extend([kept.len() as u32]);
                records.extend(kept.iter().flat_map(record));
                records.extend(returns.iter().map(|offset| offset.0));
            }
            starts.extend([(records.0.len() / 4) as u32]);
        }
        starts.0.extend(records.0);
        starts.0
    }

    /// Returns the values that a function keeps, by its index among those defined, and the return addresses of its calls.
    pub fn get(&self, function: usize) -> Option<(Vec<Kept>, Vec<CodeOffset>)> {
        let from = self.starts.get(function)? as usize;
        let to = self.starts.get(function + 1)? as usize;
        let words = self.words.slice(from, to.checked_sub(from)?)?;
        let Some(count) = words.get(0) else {
            return Some(Default::default());
        };
        let returns = (count as usize).checked_mul(RECORD)?.checked_add(1)?;
        let kept = (0..count as usize).map(|i| parse_record(words.slice(1 + i * RECORD, RECORD)?));
        let kept = kept.collect::<Option<_>>()?;
        let offsets = words.slice(returns, (to - from).checked_sub(returns)?)?;
        Some((kept, offsets.iter().map(CodeOffset).collect()))
    }
}

fn record(kept: &Kept) -> [u32; RECORD] {
    let (kind, number) = match kept.what {
        KeptValue::Operand(number) => (0, number),
        KeptValue::Global(number) => (1, number),
        KeptValue::Entry(number) => (2, number),
    };
    let (from, until) = (kept.at.start.0, kept.at.end.0);
    [
        kind,
        number,
        from,
        until,
        kept.home.0 as u32,
        kept.ty as u32,
    ]
}

fn parse_record(words: Words<'_>) -> Option<Kept> {
    let number = words.get(1)?;
    Some(Kept {
        what: match words.get(0)? {
            0 => KeptValue::Operand(number),
            1 => KeptValue::Global(number),
            2 => KeptValue::Entry(number),
            _ => return None,
        },
        at: WasmPc(words.get(2)?)..WasmPc(words.get(3)?),
        home: FrameOffset(words.get(4)? as i32),
        ty: *ValueType::ALL.get(words.get(5)? as usize)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dwalin_debuginfo::code::ValueType;

    #[test]
    fn what_is_written_is_read() {
        let kept = |what, ty| Kept {
            what,
            at: WasmPc(7)..WasmPc(20),
            home: FrameOffset(-48),
            ty,
        };
        let kept = [
            kept(KeptValue::Operand(3), ValueType::I32),
            kept(KeptValue::Global(0), ValueType::I64),
            kept(KeptValue::Entry(1), ValueType::F64),
        ];
        let returns = [CodeOffset(12), CodeOffset(40)];
        let functions: [(&[Kept], &[CodeOffset]); 3] =
            [(&[], &[]), (&kept, &returns), (&[], &returns)];
        let bytes = KeptTable::write(functions.into_iter());
        let table = KeptTable::parse(&bytes).unwrap();
        for (i, (kept, returns)) in functions.into_iter().enumerate() {
            assert_eq!(table.get(i), Some((kept.to_vec(), returns.to_vec())));
        }
        assert_eq!(table.get(3), None);
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let returns = [CodeOffset(12)];
        let functions: [(&[Kept], &[CodeOffset]); 1] = [(&[], &returns)];
        let bytes = KeptTable::write(functions.into_iter());
        for len in 0..bytes.len() {
            assert!(KeptTable::parse(&bytes[..len]).is_none(), "{len}");
        }
    }
}
