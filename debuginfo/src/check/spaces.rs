//! The two address spaces whose entries are compared: wasm code, and the machine code that an image has.

use super::walk::{Ranges, Space, merged};
use crate::address::{AddressSize, WasmPc};
use crate::code::{CodeMap, KeptValue};
use crate::dies::Die;
use crate::expr::decode::Op;
use crate::locals::Frame;
use crate::lookup::Lookup;
use crate::prevailing::Prevailing;
use crate::source::ReadUnit;
use gimli::DebugInfoOffset;
use std::ops::Range;

/// The address space of the input.
pub(super) struct Input<'a> {
    pub lookup: &'a Lookup<'a>,
    pub prevailing: &'a Prevailing,
    /// True if the locals have other numbers than in the debug info: then nothing in them is there, and all of it is lost.
    pub renumbered: bool,
}

impl Space for Input<'_> {
    fn code(&self, address: u64) -> Option<u64> {
        WasmPc::from_dwarf(address).map(|pc| u64::from(pc.0))
    }

    fn function_at(&self, address: u64) -> Option<usize> {
        WasmPc::from_dwarf(address).and_then(|pc| self.lookup.function_at(pc))
    }

    fn is_copy(&self, unit: DebugInfoOffset, address: u64) -> bool {
        let function = self.function_at(address);
        function.is_some_and(|function| self.prevailing.is_discarded(function, unit))
    }

    fn body(&self, ranges: &Ranges) -> Ranges {
        let body = |range: &Range<u64>| {
            let function = self.function_at(range.start);
            let first = function.and_then(|index| {
                let starts = self.lookup.function(index).wasm.start;
                let begins = range.start <= u64::from(starts.0);
                begins.then(|| self.lookup.first_instruction(index))
            });
            let start = first.map_or(range.start, |pc| pc.map_or(range.end, |pc| u64::from(pc.0)));
            start.min(range.end)..range.end
        };
        merged(ranges.iter().map(body).collect())
    }

    fn has_points(&self) -> bool {
        false
    }

    fn has_data(&self, address: u64, size: AddressSize) -> bool {
        size.data(address).is_some()
    }

    fn operand_until(&self, function: usize, at: u64, place: u32) -> Option<u64> {
        let value = KeptValue::Operand(place);
        // In the order of the code.
        let kept = self.lookup.function(function).slots.kept();
        let first = kept.partition_point(|it| u64::from(it.range.start.0) < at);
        let mut there = kept[first..].iter();
        there
            .by_ref()
            .take_while(|it| u64::from(it.range.start.0) == at)
            .find(|it| it.keeps(value))
            .map(|it| u64::from(it.range.end.0))
    }

    fn frame<'d>(&self, function: usize, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Frame {
        let frame = Frame::of(unit, entry, self.lookup.body(function));
        match frame.is_lost() {
            true => Frame::default(),
            false => frame,
        }
    }

    fn is_renumbered(&self) -> bool {
        self.renumbered
    }

    fn is_data(&self, location: &[Op]) -> bool {
        // An address, or the distance from that of the thread's own data.
        matches!(location.first(), Some(Op::Address(_))) || location.contains(&Op::ThreadLocal)
    }
}

/// That of the image: functions by machine code, with their numbers.
pub(super) struct Output(Vec<(Range<u64>, usize)>);

impl Output {
    pub(super) fn of(code: &CodeMap<'_>) -> Output {
        let functions = code.functions.iter().enumerate();
        let mut functions: Vec<_> = functions
            .map(|(number, it)| (it.code.start.0..it.code.end.0, number))
            .collect();
        functions.sort_unstable_by_key(|(code, _)| code.start);
        Output(functions)
    }
}

impl Space for Output {
    fn code(&self, address: u64) -> Option<u64> {
        Some(address)
    }

    fn function_at(&self, address: u64) -> Option<usize> {
        let index = self.0.partition_point(|(code, _)| code.start <= address);
        let (code, number) = self.0.get(index.checked_sub(1)?)?;
        (address < code.end).then_some(*number)
    }

    fn is_copy(&self, _: DebugInfoOffset, _: u64) -> bool {
        false
    }

    fn body(&self, ranges: &Ranges) -> Ranges {
        ranges.clone()
    }

    fn has_points(&self) -> bool {
        true
    }

    fn has_data(&self, _: u64, _: AddressSize) -> bool {
        true
    }

    fn operand_until(&self, _: usize, _: u64, _: u32) -> Option<u64> {
        Some(u64::MAX)
    }

    fn frame<'d>(&self, _: usize, _: ReadUnit<'_, 'd>, _: &Die<'d>) -> Frame {
        Frame::default()
    }

    fn is_renumbered(&self) -> bool {
        false
    }

    fn is_data(&self, _: &[Op]) -> bool {
        true
    }
}
