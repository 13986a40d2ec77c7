//! The functions and scopes around the entry that is being converted.

use super::context::Context;
use super::convert::Entry;
use super::passing::{Passing, Refused};
use crate::address::{CodeOffset, HostAddress, WasmPc};
use crate::code::{DebugSlots, Flavor, FunctionCode};
use crate::dies::{Die, is_scope};
use crate::expr::decode::{Op, decode};
use crate::locals::Frame;
use crate::ranges::{merged, within};
use gimli::UnitOffset;
use gimli::constants as dw;
use std::ops::Range;

/// A function, a block or an inlined function that the entry is in.
struct Scope {
    depth: isize,
    offset: UnitOffset,
    /// Its code, if it has addresses: sorted and disjoint.
    code: Option<Vec<Range<HostAddress>>>,
}

/// A function whose entries are being converted.
pub(super) struct Function {
    pub depth: isize,
    offset: UnitOffset,
    /// True if it is refused for what it returns.
    returns_in_memory: bool,
    /// The passing of its parameters.
    passing: Passing,
    /// Its number.
    pub index: Option<usize>,
    /// True if it is what instances have in common.
    pub is_abstract: bool,
    /// True if it has a frame base that the debugger knows.
    pub has_frame_base: bool,
    /// A frame base that is a list, for lldb, which looks for it in a section of DWARF 4.
    pub frame_bases: Vec<(Range<WasmPc>, Vec<Op>)>,
    /// The frame that its locations are checked against.
    pub frame: Frame,
    /// Calls, and where they return to: sorted.
    returns: Vec<(WasmPc, HostAddress)>,
}

impl Function {
    fn new<'a, 'd>(
        cx: &Context<'_, 'a, 'd>,
        entry: &Entry<'a, 'd>,
        index: Option<usize>,
    ) -> Function {
        let body = index.and_then(|index| cx.lookup.body(index));
        Function {
            depth: entry.depth(),
            offset: entry.offset(),
            returns_in_memory: cx.returns_in_memory(entry) && cx.type_of(entry).is_some(),
            passing: Passing::default(),
            frame: Frame::of(cx.unit, entry, body),
            index,
            is_abstract: entry.attr(dw::DW_AT_inline).is_some(),
            has_frame_base: entry.attr(dw::DW_AT_frame_base).is_some(),
            frame_bases: frame_bases(cx, entry),
            returns: index.map_or_else(Vec::new, |index| returns(cx.lookup.function(index))),
        }
    }

    /// Its homes.
    pub fn slots<'u>(&self, cx: &Context<'u, '_, '_>) -> Option<&'u DebugSlots> {
        self.index.map(|index| &cx.lookup.function(index).slots)
    }

    /// The return address of the call before an address.
    pub fn return_address(&self, pc: WasmPc) -> Option<HostAddress> {
        let behind = self.returns.partition_point(|(call, _)| *call < pc);
        Some(self.returns.get(behind.checked_sub(1)?)?.1)
    }
}

/// A function's calls by their addresses.
fn returns(function: &FunctionCode<'_>) -> Vec<(WasmPc, HostAddress)> {
    let call = |offset: &CodeOffset| {
        let row = function.rows.partition_point(|(at, _)| at < offset);
        let pc = function.rows.get(row.checked_sub(1)?)?.1?;
        Some((pc, function.code.start.offset(offset.0)))
    };
    let mut returns: Vec<_> = function.returns.iter().filter_map(call).collect();
    returns.sort_unstable();
    returns
}

/// A frame base that is a list, where variables have to do without: each of their locations has it put in.
fn frame_bases<'d>(cx: &Context<'_, '_, 'd>, function: &Die<'d>) -> Vec<(Range<WasmPc>, Vec<Op>)> {
    let attr = function.attr(dw::DW_AT_frame_base);
    let list = attr.filter(|attr| cx.flavor() == Flavor::Lldb && attr.exprloc_value().is_none());
    let Some(Ok(Some(mut list))) = list.map(|attr| cx.unit.attr_locations(attr.value())) else {
        return Vec::new();
    };
    let entries = cx.listed.entries(|| list.next());
    let entries = entries.filter_map(|entry| {
        let start = WasmPc::from_dwarf(entry.range.begin)?;
        let end = WasmPc::from_dwarf(entry.range.end)?;
        Some((start..end, decode(entry.data, cx.unit).ok()?))
    });
    entries.collect()
}

/// The place of the entry that is being converted.
#[derive(Default)]
pub(super) struct Scopes {
    /// The functions around it, innermost last.
    functions: Vec<Function>,
    /// The scopes of code around it.
    scopes: Vec<Scope>,
    /// Functions that must not be called.
    refused: Vec<Refused>,
}

impl Scopes {
    /// The function around the entry.
    pub fn function(&self) -> Option<&Function> {
        self.functions.last()
    }

    /// The scopes around the entry, the innermost first.
    pub fn around(&self) -> impl Iterator<Item = UnitOffset> {
        self.scopes.iter().rev().map(|scope| scope.offset)
    }

    /// Leaves functions and scopes that an entry of a depth is not in.
    pub fn leave(&mut self, cx: &Context<'_, '_, '_>, depth: isize) {
        while let Some(function) = self.functions.pop_if(|it| it.depth >= depth) {
            let code = function
                .index
                .filter(|_| !function.returns_in_memory)
                .map(|index| cx.lookup.function(index));
            let passing = function.passing;
            let refused = code.and_then(|code| passing.check(cx.flavor(), function.offset, code));
            self.refused.extend(refused);
        }
        self.scopes.retain(|scope| scope.depth < depth);
    }

    /// The functions that must not be called, of all that were left.
    pub fn take_refused(&mut self) -> Vec<Refused> {
        std::mem::take(&mut self.refused)
    }

    /// Enters a function; returns its number.
    pub fn enter_function<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        entry: &Entry<'a, 'd>,
    ) -> Option<usize> {
        let index = cx.unit.die_ranges(entry).ok().and_then(|mut ranges| {
            cx.listed
                .entries(|| ranges.next())
                .filter_map(|range| WasmPc::from_dwarf(range.begin))
                .find_map(|pc| cx.lookup.function_at(pc))
        });
        self.functions.push(Function::new(cx, entry, index));
        index
    }

    /// Enters a scope of code.
    pub fn enter(&mut self, entry: &Die<'_>) {
        if is_scope(entry.tag()) {
            self.scopes.push(Scope {
                depth: entry.depth(),
                offset: entry.offset(),
                code: None,
            });
        }
    }

    /// The passing of the parameters of the function that an entry is a parameter of, if that has code.
    pub fn passing(&mut self, entry: &Die<'_>) -> Option<&mut Passing> {
        let function = self.functions.last_mut()?;
        let is_own = function.depth + 1 == entry.depth() && function.index.is_some();
        is_own.then_some(&mut function.passing)
    }

    /// The part of the innermost scope's code that is in the scope around it, but for functions. Where tools that change code leave such
    /// after, debuggers make the outer one wider.
    pub fn within_outer(
        &mut self,
        cx: &Context<'_, '_, '_>,
        entry: &Die<'_>,
        code: Vec<Range<HostAddress>>,
    ) -> Vec<Range<HostAddress>> {
        let mut scopes = self.scopes.iter_mut().rev();
        let own = scopes.next();
        let outer = scopes.find_map(|scope| scope.code.as_deref());
        let outer = outer.filter(|_| entry.tag() != dw::DW_TAG_subprogram);
        let code = merged(code);
        let code = outer.map_or_else(|| code.clone(), |outer| within(&code, outer));
        cx.lookup.spend(code.len());
        if let Some(own) = own {
            own.code = Some(code.clone());
        }
        code
    }
}
