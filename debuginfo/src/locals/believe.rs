//! A location → where it can be believed, and what of it.

use super::body::Body;
use super::flow::Claim;
use crate::address::WasmPc;
use crate::expr::decode::{Op, decode};
use crate::expr::piece::{Piece, join, split};
use crate::source::{ReadUnit, Reader};
use gimli::constants as dw;
use gimli::read::{AttributeValue, DebuggingInformationEntry};
use std::ops::Range;
use std::rc::Rc;

/// An item that a function's locations name and that may hold something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Named {
    Local(u32),
    /// The address of the function's frame.
    Frame,
}

impl Named {
    fn of(op: &Op) -> Option<Named> {
        match op {
            Op::Local(local) => Some(Named::Local(*local)),
            Op::FrameOffset(_) => Some(Named::Frame),
            _ => None,
        }
    }
}

/// Why variables in a frame have no place: see [`Frame::is_lost`].
pub(crate) const NO_FRAME: &str =
    "the frame base is a local that the code never sets to the stack pointer's value";

/// Why variables in locals have no place, where these have other numbers.
const RENUMBERED: &str =
    "it is in a local or an operand, and these have other numbers than in the debug info";

/// Why a variable has no place in a local.
pub(crate) const MISFIT: &str = "it is in a local of a type that cannot hold it";

/// A function that locations are held against.
#[derive(Default)]
pub(crate) struct Frame {
    /// Its code: `None` where all is believed. Who writes debug info by hand, or for locals that are variables, says no frame base;
    /// LLVM, which shares locals, always does.
    body: Option<Rc<Body>>,
    /// The local that its frame base is.
    base: Option<u32>,
}

/// Returns true if an operation names something by a number that tools change: a local or an operand.
pub(crate) fn is_numbered(op: &Op) -> bool {
    matches!(op, Op::Local(_) | Op::EntryLocal(_) | Op::Stack(_))
}

/// The ranges in which an item that a location names holds something else.
pub(crate) struct Stale(Vec<(Named, Vec<Range<WasmPc>>)>);

impl Frame {
    /// Of a function's entry and its code.
    pub fn of<'d>(
        unit: ReadUnit<'_, 'd>,
        function: &DebuggingInformationEntry<Reader<'d>>,
        body: Option<Rc<Body>>,
    ) -> Frame {
        let base = function.attr_value(dw::DW_AT_frame_base);
        let ops = match base {
            Some(AttributeValue::Exprloc(expression)) => decode(expression, unit).ok(),
            _ => None,
        };
        Frame {
            body: body.filter(|_| base.is_some()),
            base: match ops.as_deref() {
                Some([Op::Local(local), Op::StackValue] | [Op::Local(local)]) => Some(*local),
                _ => None,
            },
        }
    }

    /// Of these.
    #[cfg(test)]
    pub(super) fn believing(body: Option<Rc<Body>>, base: Option<u32>) -> Frame {
        Frame { body, base }
    }

    /// Returns true if the frame base is a local, of a function whose code is known.
    pub fn is_local(&self) -> bool {
        self.body.is_some() && self.base.is_some()
    }

    /// Returns true if the frame base is a local that never has the address of a frame, as where the locals were given other numbers.
    pub fn is_lost(&self) -> bool {
        let (Some(body), Some(local)) = (&self.body, self.base) else {
            return false;
        };
        !body.is_frame_base(local)
    }

    /// Why operations lead nowhere in the function; `renumbered` says that all locals have other numbers.
    pub fn misplaced(&self, ops: &[Op], renumbered: bool) -> Option<&'static str> {
        let named = |is: fn(&Op) -> bool| self.body.is_some() && ops.iter().any(is);
        if self.is_lost() && named(|op| matches!(op, Op::FrameOffset(_))) {
            return Some(NO_FRAME);
        }
        (renumbered && named(is_numbered)).then_some(RENUMBERED)
    }

    /// Returns true if anything that operations name is written in the function at all, which makes [`Self::stale`] worth a question.
    pub fn may_be_stale(&self, ops: &[Op]) -> bool {
        let Some(body) = &self.body else {
            return false;
        };
        ops.iter().filter_map(Named::of).any(|named| match named {
            Named::Local(local) => !body.writes_to(local).is_empty(),
            Named::Frame => self.base.is_some_and(|local| body.has_other_writes(local)),
        })
    }

    /// Returns the parts of a range in which operations no longer hold what is claimed of them.
    pub fn stale(&self, ops: &[Op], claim: &Claim, within: &Range<WasmPc>) -> Stale {
        let mut found: Vec<(Named, Vec<Range<WasmPc>>)> = Vec::new();
        let Some(body) = self.body.as_ref().filter(|_| self.may_be_stale(ops)) else {
            return Stale(found);
        };
        for named in ops.iter().filter_map(Named::of) {
            if found.iter().any(|(it, _)| *it == named) {
                continue;
            }
            let stale = match (named, self.base) {
                (Named::Local(local), _) => body.stale(local, claim, within),
                (Named::Frame, Some(local)) => body.stale(local, &Claim::FrameBase, within),
                (Named::Frame, None) => continue,
            };
            if !stale.is_empty() {
                found.push((named, stale));
            }
        }
        Stale(found)
    }
}

impl Stale {
    /// Returns true if all can be believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn is_at(&self, named: Named, pc: WasmPc) -> bool {
        let found = self.0.iter().find(|(it, _)| *it == named);
        found.is_some_and(|(_, ranges)| ranges.iter().any(|range| range.contains(&pc)))
    }

    /// Returns the operations that hold at an address: without the pieces that name something else. `None`: nothing.
    pub fn rest(&self, ops: &[Op], size: Option<u64>, pc: WasmPc) -> Option<Vec<Op>> {
        let is_stale = |op: &Op| Named::of(op).is_some_and(|named| self.is_at(named, pc));
        if !ops.iter().any(is_stale) {
            return Some(ops.to_vec());
        }
        if !ops.iter().any(|op| matches!(op, Op::Piece(..))) {
            return None;
        }
        let mut pieces: Vec<Piece> = split(ops, size)?;
        for piece in &mut pieces {
            if piece.ops.iter().any(is_stale) {
                piece.ops.clear();
            }
        }
        let is_there = pieces.iter().any(|piece| !piece.ops.is_empty());
        is_there.then(|| join(&pieces))
    }

    /// The parts of a range in which the same can be believed of operations, with that.
    pub fn parts(
        &self,
        ops: &[Op],
        size: Option<u64>,
        within: &Range<WasmPc>,
    ) -> Vec<(Range<WasmPc>, Option<Vec<Op>>)> {
        let ranges = self.0.iter().flat_map(|(_, ranges)| ranges);
        let mut cuts: Vec<_> = ranges.flat_map(|range| [range.start, range.end]).collect();
        cuts.retain(|cut| within.contains(cut));
        cuts.extend([within.start, within.end]);
        cuts.sort_unstable();
        cuts.dedup();
        let parts = cuts.windows(2).map(|pair| {
            let part = pair[0]..pair[1];
            let rest = self.rest(ops, size, part.start);
            (part, rest)
        });
        parts.collect()
    }
}
