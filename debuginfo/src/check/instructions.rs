//! A function's instructions with the machine code of each, to say in bytes of wasm how much of a range is shown.

use crate::code::FunctionCode;
use std::ops::Range;

/// Bytes of wasm code, by what became of them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Shown {
    /// Those of instructions that have machine code.
    pub with_code: u64,
    /// Those of instructions all of whose machine code is covered.
    pub kept: u64,
}

/// The instructions of a function that have machine code, by wasm address; several pieces of one instruction are neighbours.
pub(super) struct Instructions {
    pieces: Vec<(u64, Range<u64>)>,
    code: Range<u64>,
}

impl Instructions {
    pub fn of(function: &FunctionCode<'_>) -> Instructions {
        let at = |offset: u32| function.code.start.offset(offset).0;
        let ends = function.rows.iter().skip(1).map(|(offset, _)| at(offset.0));
        let ends = ends.chain([function.code.end.0]);
        let mut pieces: Vec<(u64, Range<u64>)> = Vec::with_capacity(function.rows.len());
        for ((offset, pc), end) in function.rows.iter().zip(ends) {
            let code = at(offset.0)..end;
            match (pc, pieces.last_mut()) {
                (Some(pc), _) => pieces.push((u64::from(pc.0), code)),
                // Code that no instruction stands for goes with what is before it.
                (None, Some((_, before))) => before.end = end,
                (None, None) => pieces.push((u64::from(function.wasm.start.0), code)),
            }
        }
        pieces.sort_unstable_by_key(|(pc, code)| (*pc, code.start));
        Instructions {
            pieces,
            code: function.code.start.0..function.code.end.0,
        }
    }

    /// Returns the number of pieces that [`Self::shown`] would visit.
    pub fn pieces_in(&self, wasm: &Range<u64>) -> usize {
        self.within(wasm).len()
    }

    /// Returns the machine code of the first instruction in a range that has some.
    pub fn first_in(&self, wasm: &Range<u64>) -> Option<Range<u64>> {
        self.within(wasm).first().map(|(_, code)| code.clone())
    }

    fn within(&self, wasm: &Range<u64>) -> &[(u64, Range<u64>)] {
        let from = self.pieces.partition_point(|(pc, _)| *pc < wasm.start);
        let to = self.pieces.partition_point(|(pc, _)| *pc < wasm.end);
        self.pieces.get(from..to).unwrap_or(&[])
    }

    /// Returns the part of a range that is shown where `covered` is: sorted, disjoint ranges of machine code.
    pub fn shown(&self, wasm: &Range<u64>, covered: &[Range<u64>]) -> Shown {
        let mut rest = self.within(wasm);
        let Some((first, _)) = rest.first() else {
            return Shown::default();
        };
        let mut shown = Shown {
            with_code: wasm.end - first,
            kept: 0,
        };
        if covers(covered, &self.code) {
            shown.kept = shown.with_code;
            return shown;
        }
        while let Some((pc, _)) = rest.first() {
            let count = rest.partition_point(|(next, _)| next == pc);
            let (pieces, behind) = rest.split_at(count);
            let end = behind.first().map_or(wasm.end, |(next, _)| *next);
            if pieces.iter().all(|(_, code)| covers(covered, code)) {
                shown.kept += end - pc;
            }
            rest = behind;
        }
        shown
    }
}

/// Returns true if one of some sorted, disjoint ranges has all of another one.
pub(super) fn covers(ranges: &[Range<u64>], code: &Range<u64>) -> bool {
    let index = ranges.partition_point(|range| range.start <= code.start);
    let Some(range) = index.checked_sub(1).and_then(|index| ranges.get(index)) else {
        return code.is_empty();
    };
    code.end <= range.end || code.is_empty()
}
