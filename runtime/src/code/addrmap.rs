//! Code offset → wasm address, in little more than two bytes a row, looked up without reading more than a block of it.
//!
//! ```text
//! number of rows · number of blocks b        u32 each
//! offsets of the blocks' first rows          b × u32, sorted
//! where each block's rows are in what follows b × u32
//! rows, 32 a block:                          LEB128 numbers, both counted from the row before, from 0 at a block's start:
//!   code offset, doubled, plus 1 with an address · then with one: wasm address, zigzag
//! ```

use super::format::{Words, WordsWriter};
use dwalin_debuginfo::address::WasmPc;

/// Rows of a block: the most that a look-up reads.
const BLOCK: usize = 32;

/// One row: the code from this offset to the next row's comes from this instruction, or from none.
pub type Row = (u32, Option<WasmPc>);

/// An address map.
#[derive(Clone, Copy, Debug)]
pub struct AddressMap<'a> {
    len: usize,
    firsts: Words<'a>,
    starts: Words<'a>,
    rows: &'a [u8],
}

impl<'a> AddressMap<'a> {
    /// The section's contents; `None` where they are cut short.
    pub fn parse(bytes: &'a [u8]) -> Option<AddressMap<'a>> {
        let words = Words::new(bytes);
        let (len, blocks) = (words.get(0)? as usize, words.get(1)? as usize);
        let map = AddressMap {
            len,
            firsts: words.slice(2, blocks)?,
            starts: words.slice(2 + blocks, blocks)?,
            rows: bytes.get(8 + blocks.checked_mul(8)?..)?,
        };
        (len.div_ceil(BLOCK) == blocks).then_some(map)
    }

    /// Writes a section from rows sorted by offset.
    pub fn write(rows: &[Row]) -> Vec<u8> {
        let mut encoded = Vec::new();
        let mut starts = Vec::new();
        for block in rows.chunks(BLOCK) {
            starts.push(encoded.len() as u32);
            let (mut offset, mut pc) = (0, 0);
            for (next, next_pc) in block {
                let delta = u64::from(next - offset);
                write_number(&mut encoded, delta << 1 | u64::from(next_pc.is_some()));
                if let Some(next) = next_pc {
                    let delta = i64::from(next.0) - pc;
                    write_number(&mut encoded, (delta << 1 ^ delta >> 63) as u64);
                    pc = i64::from(next.0);
                }
                offset = *next;
            }
        }
        let mut words = WordsWriter::default();
        words.extend([rows.len() as u32, starts.len() as u32]);
        words.extend(rows.chunks(BLOCK).map(|block| block[0].0));
        words.extend(starts);
        words.0.extend(encoded);
        words.0
    }

    /// The rows of a block; fewer where the bytes are damaged.
    fn block(&self, index: usize) -> impl Iterator<Item = Row> + use<'a> {
        let start = self.starts.get(index).unwrap_or(u32::MAX) as usize;
        let mut bytes = self.rows.get(start..).unwrap_or_default();
        let (mut offset, mut pc) = (0u32, 0i64);
        let count = self.len.saturating_sub(index * BLOCK).min(BLOCK);
        (0..count).map_while(move |_| {
            let number = read_number(&mut bytes)?;
            offset = offset.wrapping_add((number >> 1) as u32);
            if number & 1 == 0 {
                return Some((offset, None));
            }
            let number = read_number(&mut bytes)?;
            pc = pc.wrapping_add((number >> 1) as i64 ^ -((number & 1) as i64));
            Some((offset, Some(WasmPc(pc as u32))))
        })
    }

    /// The wasm instruction that the code at an offset comes from.
    pub fn lookup(&self, offset: u32) -> Option<WasmPc> {
        let rows = self.block(self.firsts.last_at_most(offset)?);
        rows.take_while(|(start, _)| *start <= offset).last()?.1
    }

    /// The rows that begin in a piece of code.
    pub fn rows(&self, from: u32, to: u32) -> impl Iterator<Item = Row> + '_ {
        // Rows at one offset may lie in two blocks: those before it too are asked.
        let first = from
            .checked_sub(1)
            .and_then(|before| self.firsts.last_at_most(before));
        let blocks = first.unwrap_or(0)..self.firsts.iter().len();
        blocks
            .flat_map(|index| self.block(index))
            .skip_while(move |(offset, _)| *offset < from)
            .take_while(move |(offset, _)| *offset < to)
    }
}

/// Writes a LEB128 number (DWARF 5, section 7.6).
fn write_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let mut rows = Vec::new();
        let mut offset = 0;
        for i in 0..1000u32 {
            // Forwards and backwards, far and near, none, and several at one offset.
            offset += [0, 3, 200, 70_000][(i % 4) as usize];
            let pc = (i % 7 != 0).then_some(WasmPc(i.wrapping_mul(2_654_435_761) >> 8));
            rows.push((offset, pc));
        }
        rows
    }

    #[test]
    fn what_is_written_is_read() {
        let rows = rows();
        let bytes = AddressMap::write(&rows);
        let map = AddressMap::parse(&bytes).unwrap();
        assert_eq!(map.rows(0, u32::MAX).collect::<Vec<_>>(), rows);
        for from in [0, 1, 203, 70_203, 5_000_000] {
            let expected: Vec<_> = rows
                .iter()
                .filter(|(offset, _)| *offset >= from)
                .copied()
                .collect();
            assert_eq!(map.rows(from, u32::MAX).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn the_last_row_at_or_before_an_offset_is_found() {
        let rows = rows();
        let bytes = AddressMap::write(&rows);
        let map = AddressMap::parse(&bytes).unwrap();
        for offset in (0..rows.last().unwrap().0 + 10).step_by(101) {
            let expected = rows.iter().rev().find(|(start, _)| *start <= offset);
            assert_eq!(
                map.lookup(offset),
                expected.and_then(|(_, pc)| *pc),
                "{offset}"
            );
        }
    }

    #[test]
    fn damaged_rows_are_no_rows() {
        let mut bytes = AddressMap::write(&rows());
        let end = bytes.len();
        bytes[end / 2..].fill(0xff);
        let map = AddressMap::parse(&bytes).unwrap();
        assert!(map.rows(0, u32::MAX).count() < 1000);
        assert!(AddressMap::parse(&bytes[..40]).is_none());
    }
}
