//! Wasm addresses → machine code: which function, and which pieces of its code.

use crate::address::{HostAddress, WasmPc};
use crate::budget::Budget;
use crate::code::{CodeMap, FunctionCode};
use crate::locals::Body;
use crate::prevailing::Prevailing;
use crate::source::Reader;
use gimli::DebugInfoOffset;
use gimli::read::UnitHeader;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// A piece of a function's code that comes from one wasm instruction.
#[derive(Clone, Debug)]
struct Piece {
    pc: WasmPc,
    code: Range<HostAddress>,
    /// The number of the last piece of its run: of those after it that have one stretch of code with it.
    run: usize,
}

/// Functions by wasm address, and the pieces of the function that was asked for last.
pub(crate) struct Lookup<'a> {
    /// The code.
    pub code: &'a CodeMap<'a>,
    /// The unit that asks, and what functions are not its own.
    unit: Option<(DebugInfoOffset, &'a Prevailing)>,
    /// Sorted by wasm address, then by code address.
    latest: RefCell<Option<(usize, Rc<[Piece]>)>>,
    /// The body of the function that was asked for last: `None` where it cannot be read.
    latest_body: RefCell<Option<(usize, Option<Rc<Body>>)>>,
    /// Stretches of code that may still be asked for: entries can share lists, and each asks anew.
    budget: Budget,
}

/// The stretches of code that a unit may ask for: for each byte of its entries, for each row that the address map has for its code,
/// and beside these. Compilers ask for at most one for every two bytes of entries. All units together may ask for a multiple of
/// the module's size: a bound for the module as a whole would be spent by one unit, and one without regard to sizes by a large one.
const STRETCHES_OF_BYTE: usize = 4;
const STRETCHES_OF_ROW: usize = 4;
const STRETCHES_BESIDE: usize = 1 << 12;

/// The pieces of a function that cost as much as a stretch.
const PIECES_OF_STRETCH: usize = 4;

/// Why a unit gets no more answers.
pub(crate) const EXHAUSTED: &str = "the unit's entries have more ranges than its size accounts for";

impl<'a> Lookup<'a> {
    /// For the functions of `code`.
    pub fn new(code: &'a CodeMap<'a>) -> Lookup<'a> {
        Lookup {
            code,
            unit: None,
            latest: RefCell::new(None),
            latest_body: RefCell::new(None),
            budget: Budget::unlimited(),
        }
    }

    /// For a unit: without the functions of which it describes copies that are not there.
    pub fn of_unit(
        code: &'a CodeMap<'a>,
        prevailing: &'a Prevailing,
        unit: &UnitHeader<Reader<'_>>,
    ) -> Lookup<'a> {
        let offset = DebugInfoOffset(unit.offset().0);
        let rows = prevailing.rows(offset).saturating_mul(STRETCHES_OF_ROW);
        let beside = STRETCHES_BESIDE.saturating_add(rows);
        Lookup {
            unit: Some((offset, prevailing)),
            budget: Budget::of_bytes(unit.unit_length(), STRETCHES_OF_BYTE, beside),
            ..Lookup::new(code)
        }
    }

    /// Returns true if an address is in a function of which the unit describes a copy that is not there.
    pub fn is_discarded_at(&self, pc: WasmPc) -> bool {
        self.code
            .function_at(pc)
            .is_some_and(|index| self.is_discarded(index))
    }

    fn is_discarded(&self, index: usize) -> bool {
        self.unit
            .is_some_and(|(unit, prevailing)| prevailing.is_discarded(index, unit))
    }

    /// The number of the function whose body an address is in, unless the unit's description of it was discarded.
    pub fn function_at(&self, pc: WasmPc) -> Option<usize> {
        self.code
            .function_at(pc)
            .filter(|index| !self.is_discarded(*index))
    }

    /// A function, by its number.
    pub fn function(&self, index: usize) -> &'a FunctionCode<'a> {
        &self.code.functions[index]
    }

    /// A function's body; `None` where it is not known or cannot be followed.
    pub fn body(&self, index: usize) -> Option<Rc<Body>> {
        let mut latest = self.latest_body.borrow_mut();
        if latest.as_ref().is_none_or(|(found, _)| *found != index) {
            let Range { start, end } = self.function(index).wasm;
            let bytes = self.code.wasm.get(start.0 as usize..end.0 as usize);
            let body = bytes.and_then(|bytes| Body::parse(bytes, start));
            *latest = Some((index, body.map(Rc::new)));
        }
        latest.as_ref().and_then(|(_, body)| body.clone())
    }

    /// Those of a function; made anew for each that is not the latest, which counts too.
    fn pieces(&self, index: usize) -> Rc<[Piece]> {
        let mut latest = self.latest.borrow_mut();
        match &*latest {
            Some((found, pieces)) if *found == index => pieces.clone(),
            _ => {
                let pieces: Rc<[Piece]> = pieces(self.function(index)).into();
                self.spend(pieces.len() / PIECES_OF_STRETCH);
                *latest = Some((index, pieces.clone()));
                pieces
            }
        }
    }

    /// Returns true if so much was asked for that there are no more answers.
    pub fn is_exhausted(&self) -> bool {
        self.budget.is_exhausted()
    }

    /// Counts what was asked for.
    pub fn spend(&self, stretches: usize) {
        self.budget.spend(stretches);
    }

    /// The code of a wasm range: sorted, disjoint, neighbours merged. A whole function is its whole code.
    pub fn code_ranges(&self, wasm: Range<WasmPc>) -> Vec<Range<HostAddress>> {
        self.ranges(wasm, true)
    }

    /// The same without what is before the first instructions of functions, where no scope in them has begun.
    pub fn body_ranges(&self, wasm: Range<WasmPc>) -> Vec<Range<HostAddress>> {
        self.ranges(wasm, false)
    }

    /// The first instruction of a function that has machine code. None where there is none.
    pub fn first_instruction(&self, index: usize) -> Option<WasmPc> {
        let start = self.function(index).wasm.start;
        let pieces = self.pieces(index);
        let first = pieces.partition_point(|piece| piece.pc <= start);
        pieces.get(first).map(|piece| piece.pc)
    }

    fn ranges(&self, wasm: Range<WasmPc>, from_entry: bool) -> Vec<Range<HostAddress>> {
        let functions = &self.code.functions;
        let from = functions.partition_point(|function| function.wasm.end <= wasm.start);
        let to = functions.partition_point(|function| function.wasm.start < wasm.end);
        let mut ranges = Vec::new();
        for index in (from..to).filter(|index| !self.is_discarded(*index)) {
            let function = self.function(index);
            let is_whole = wasm.start <= function.wasm.start && wasm.end >= function.wasm.end;
            if is_whole && from_entry {
                ranges.push(function.code.clone());
                continue;
            }
            let pieces = self.pieces(index);
            // A body begins with the declaration of its locals, which is no instruction.
            let is_entry = |piece: &Piece| piece.pc == function.wasm.start && !from_entry;
            let from = pieces.partition_point(|piece| piece.pc < wasm.start || is_entry(piece));
            let to = pieces.partition_point(|piece| piece.pc < wasm.end);
            ranges.extend(stretches(&pieces, from..to));
        }
        self.spend(1 + ranges.len());
        ranges.sort_unstable_by_key(|range| range.start);
        ranges.dedup_by(|next, before| {
            let touch = next.start == before.end;
            if touch {
                before.end = next.end;
            }
            touch
        });
        ranges
    }

    /// Returns the machine code address of the instruction at an address, or of the first after it in its function.
    pub fn code_address(&self, pc: WasmPc) -> Option<HostAddress> {
        let index = self.function_at(pc)?;
        if self.function(index).wasm.start == pc {
            return Some(self.function(index).code.start);
        }
        if self.is_exhausted() {
            return None;
        }
        let pieces = self.pieces(index);
        pieces
            .get(pieces.partition_point(|piece| piece.pc < pc))
            .map(|piece| piece.code.start)
    }
}

/// The code of some pieces, that of a run as one.
fn stretches(pieces: &[Piece], of: Range<usize>) -> impl Iterator<Item = Range<HostAddress>> {
    let mut next = of.start;
    std::iter::from_fn(move || {
        let first = pieces.get(next).filter(|_| next < of.end)?;
        let last = first.run.min(of.end - 1);
        next = last + 1;
        Some(first.code.start..pieces[last].code.end)
    })
}

/// Code that no instruction stands for belongs to what is before it, and before everything to the first instruction.
fn pieces(function: &FunctionCode<'_>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(function.rows.len());
    let ends = function
        .rows
        .iter()
        .skip(1)
        .map(|(offset, _)| function.code.start.offset(offset.0))
        .chain([function.code.end]);
    for ((offset, pc), end) in function.rows.iter().zip(ends) {
        let start = function.code.start.offset(offset.0);
        match (pc, pieces.last_mut()) {
            (Some(pc), _) => pieces.push(Piece {
                pc: *pc,
                code: start..end,
                run: 0,
            }),
            (None, Some(before)) => before.code.end = end,
            (None, None) => pieces.push(Piece {
                pc: function.wasm.start,
                code: start..end,
                run: 0,
            }),
        }
    }
    pieces.sort_by_key(|piece| (piece.pc, piece.code.start));
    let mut behind: Option<(usize, HostAddress)> = None;
    for (number, piece) in pieces.iter_mut().enumerate().rev() {
        piece.run = match behind {
            Some((run, start)) if start == piece.code.end => run,
            _ => number,
        };
        behind = Some((piece.run, piece.code.start));
    }
    pieces
}

#[cfg(test)]
mod tests;
