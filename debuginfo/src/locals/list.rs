//! The entries of a location list → what each claims.

use super::flow::{Claim, EntryClaim};
use crate::address::WasmPc;
use crate::expr::decode::Op;
use crate::expr::piece::{Piece, split};
use std::ops::Range;

/// A location list that is read entry by entry, in its order.
///
/// LLVM ends an entry where the location of any piece changes, and repeats the others in the next one (`DwarfDebug::buildLocationList`):
/// of a piece that is repeated nothing was said there, and what was written to its local since then still counts.
#[derive(Default)]
pub(crate) struct Listed {
    /// The end of the last entry.
    end: Option<WasmPc>,
    /// Its pieces that name locals, each with where the first of the entries begins that have it without a gap.
    pieces: Vec<(Piece, WasmPc)>,
}

impl Listed {
    /// Returns the claim of the next entry.
    pub fn claim(&mut self, range: &Range<WasmPc>, ops: &[Op]) -> Claim {
        let before = std::mem::take(&mut self.pieces);
        let goes_on = self.end.replace(range.end) == Some(range.start);
        let mut claim = EntryClaim::of(range.clone());
        if !ops.iter().any(|op| matches!(op, Op::Piece(..))) {
            return Claim::Entry(claim);
        }
        // Both are in the order of their bits.
        let before = before.into_iter().filter(|_| goes_on);
        let mut before = before.peekable();
        for piece in split(ops, None).unwrap_or_default() {
            if !piece.ops.iter().any(|op| matches!(op, Op::Local(_))) {
                continue;
            }
            let is_lower = |it: &(Piece, WasmPc)| it.0.bits.start < piece.bits.start;
            while before.next_if(is_lower).is_some() {}
            let repeated = before.next_if(|it| it.0 == piece);
            let since = repeated.map_or(range.start, |(_, since)| since);
            for op in &piece.ops {
                if let Op::Local(local) = op {
                    claim.add(*local, since);
                }
            }
            self.pieces.push((piece, since));
        }
        Claim::Entry(claim)
    }
}
