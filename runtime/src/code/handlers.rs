//! What unwinding needs of code: where each piece saves the registers that its caller expects back, and which handlers there are at
//! the return address of a call.
//!
//! The section: the number p of pieces of code, p words of [`SavedRegisters`]; the number n of calls with handlers, n return
//! addresses (sorted), n distances from the stack pointer to the frame pointer, n + 1 positions in what follows (in items), items of
//! kind and value.

use super::format::{Words, WordsWriter};
use crate::abi::handlers::{HandledCall, Handler, Place, SavedRegisters};
use dwalin_debuginfo::address::CodeOffset;

/// The kinds of items that are no tags: no module has as many of those.
const ALL: u32 = u32::MAX;
const STACK: u32 = u32::MAX - 1;
const REGISTER: u32 = u32::MAX - 2;
const CLEANUP: u32 = u32::MAX - 3;

/// An item, of code at an offset of the text.
fn item(handler: Handler, base: u32) -> [u32; 2] {
    match handler {
        Handler::Context(Place::Stack(offset)) => [STACK, offset],
        Handler::Context(Place::Register(register)) => [REGISTER, register],
        Handler::Tag(tag, code) => [tag, base + code.0],
        Handler::Cleanup(code) => [CLEANUP, base + code.0],
        Handler::All(code) => [ALL, base + code.0],
    }
}

fn from_words(kind: u32, value: u32) -> Handler {
    match kind {
        ALL => Handler::All(CodeOffset(value)),
        CLEANUP => Handler::Cleanup(CodeOffset(value)),
        STACK => Handler::Context(Place::Stack(value)),
        REGISTER => Handler::Context(Place::Register(value)),
        tag => Handler::Tag(tag, CodeOffset(value)),
    }
}

/// The section's contents.
#[derive(Clone, Copy, Debug)]
pub struct UnwindTable<'a> {
    saved: Words<'a>,
    returns: Words<'a>,
    distances: Words<'a>,
    starts: Words<'a>,
    items: Words<'a>,
}

/// The handlers of a call.
#[derive(Clone, Copy, Debug)]
pub struct Handlers<'a> {
    /// From the stack pointer to the frame pointer.
    pub sp_to_fp: u32,
    items: Words<'a>,
}

impl Handlers<'_> {
    /// In order; offsets are of the text.
    pub fn iter(&self) -> impl Iterator<Item = Handler> + '_ {
        let mut words = self.items.iter();
        std::iter::from_fn(move || Some(from_words(words.next()?, words.next()?)))
    }
}

impl<'a> UnwindTable<'a> {
    /// The section's contents; `None` where they are cut short.
    pub fn parse(bytes: &'a [u8]) -> Option<UnwindTable<'a>> {
        let words = Words::new(bytes);
        let pieces = words.get(0)? as usize;
        let saved = words.slice(1, pieces)?;
        let mut at = 1 + pieces;
        let calls = words.get(at)? as usize;
        let mut slice = |len: usize| {
            let slice = words.slice(at + 1, len);
            at += len;
            slice
        };
        let (returns, distances) = (slice(calls)?, slice(calls)?);
        let starts = slice(calls + 1)?;
        let items = slice((starts.get(calls)? as usize).checked_mul(2)?)?;
        Some(UnwindTable {
            saved,
            returns,
            distances,
            starts,
            items,
        })
    }

    /// Writes a section: for each piece of code, in order, its offset and its parts.
    pub fn write<'p>(
        pieces: impl Iterator<Item = (u32, SavedRegisters, &'p [HandledCall])> + Clone,
    ) -> Vec<u8> {
        let mut words = WordsWriter::default();
        words.extend([pieces.clone().count() as u32]);
        words.extend(
            pieces
                .clone()
                .map(|(_, saved, _)| u32::from_le_bytes(saved.0)),
        );
        let calls = pieces.flat_map(|(base, _, calls)| calls.iter().map(move |call| (base, call)));
        words.extend([calls.clone().count() as u32]);
        words.extend(calls.clone().map(|(base, call)| base + call.returns.0));
        words.extend(calls.clone().map(|(_, call)| call.sp_to_fp));
        words.extend([0]);
        words.extend(calls.clone().scan(0, |total, (_, call)| {
            *total += call.handlers.len() as u32;
            Some(*total)
        }));
        for (base, call) in calls {
            words.extend(call.handlers.iter().flat_map(|it| item(*it, base)));
        }
        words.0
    }

    /// The number of pieces of code.
    pub fn pieces(&self) -> usize {
        self.saved.iter().len()
    }

    /// The registers that a piece of code saves, by its number.
    pub fn saved(&self, piece: usize) -> Option<SavedRegisters> {
        Some(SavedRegisters(self.saved.get(piece)?.to_le_bytes()))
    }

    /// The handlers of the call that returns to an offset of the text.
    pub fn handlers(&self, returns: u32) -> Option<Handlers<'a>> {
        let call = self.returns.last_at_most(returns)?;
        if self.returns.get(call)? != returns {
            return None;
        }
        let (from, to) = (self.starts.get(call)?, self.starts.get(call + 1)?);
        let (from, len) = (from as usize * 2, to.checked_sub(from)? as usize * 2);
        Some(Handlers {
            sp_to_fp: self.distances.get(call)?,
            items: self.items.slice(from, len)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_by_return_addresses_alone() {
        let call = |returns, handlers| HandledCall {
            returns: CodeOffset(returns),
            sp_to_fp: returns * 2,
            handlers,
        };
        let first = [
            call(
                8,
                vec![
                    Handler::Context(Place::Register(2)),
                    Handler::Tag(5, CodeOffset(32)),
                    Handler::Cleanup(CodeOffset(36)),
                    Handler::All(CodeOffset(40)),
                ],
            ),
            call(16, vec![Handler::Context(Place::Stack(24))]),
        ];
        let second = [call(4, vec![Handler::All(CodeOffset(12))])];
        let saved = SavedRegisters([3, 0, 4, 0]);
        let pieces = [
            (0, saved, &first[..]),
            (64, SavedRegisters::default(), &[]),
            (128, SavedRegisters::default(), &second[..]),
        ];
        let bytes = UnwindTable::write(pieces.iter().copied());
        let table = UnwindTable::parse(&bytes).unwrap();
        assert_eq!((table.pieces(), table.saved(0)), (3, Some(saved)));
        let found = |at| {
            table
                .handlers(at)
                .map(|it| (it.sp_to_fp, it.iter().collect()))
        };
        assert_eq!(found(8), Some((16, first[0].handlers.clone())));
        assert_eq!(found(16), Some((32, first[1].handlers.clone())));
        assert_eq!(found(132), Some((8, vec![Handler::All(CodeOffset(140))])));
        assert_eq!([found(0), found(9), found(128)], [const { None }; 3]);
        for len in 0..bytes.len() / 4 {
            assert!(UnwindTable::parse(&bytes[..len * 4]).is_none());
        }
    }
}
