//! The machine code of entries: ranges, call sites and return addresses.

use super::context::Context;
use super::convert::Entry;
use super::output::Output;
use super::scopes::{Function, Scopes};
use crate::address::{HostAddress, WasmPc};
use crate::code::FUNCTION_ALIGNMENT;
use crate::dies::{is_call_site, is_scope, ranges};
use crate::expr::unlocatable::Unlocatable;
use crate::lookup::EXHAUSTED;
use crate::source::Reader;
use crate::write::{Address, AttributeValue, Range as NativeRange, RangeList, Unit, UnitEntryId};
use gimli::constants as dw;
use gimli::read::Attribute;
use std::ops::Range;

/// Sets the code that an entry covers: one range, or a list. A unit's list has a base of 0.
pub(super) fn set_ranges(
    unit: &mut Unit,
    id: UnitEntryId,
    mut code: Vec<Range<HostAddress>>,
    root: bool,
) {
    code.retain(|range| range.start < range.end);
    code.sort_unstable_by_key(|range| range.start);
    // What is between the functions of a unit is nobody's: debuggers take time for each range.
    let gap = if root { FUNCTION_ALIGNMENT } else { 1 };
    code.dedup_by(|next, before| {
        let touch = next.start.0 < before.end.0.saturating_add(gap);
        if touch {
            before.end = before.end.max(next.end);
        }
        touch
    });
    let address = |address: HostAddress| Address::Constant(address.0);
    match &code[..] {
        [] => {}
        [range] => {
            let mut entry = unit.get_mut(id);
            entry.set(
                dw::DW_AT_low_pc,
                AttributeValue::Address(address(range.start)),
            );
            entry.set(
                dw::DW_AT_high_pc,
                AttributeValue::Udata(range.end.0 - range.start.0),
            );
        }
        ranges => {
            let list = ranges.iter().map(|range| NativeRange::StartLength {
                begin: address(range.start),
                length: range.end.0 - range.start.0,
            });
            let list = unit.ranges.add(RangeList(list.collect()));
            let mut entry = unit.get_mut(id);
            if root {
                entry.set(
                    dw::DW_AT_low_pc,
                    AttributeValue::Address(Address::Constant(0)),
                );
            }
            entry.set(dw::DW_AT_ranges, AttributeValue::RangeListRef(list));
        }
    }
}

/// The code that an entry covers.
pub(super) fn code_ranges<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    scopes: &mut Scopes,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Entry<'a, 'd>,
) {
    let unit = cx.unit;
    let point = entry.attr(dw::DW_AT_high_pc).is_none() && entry.attr(dw::DW_AT_ranges).is_none();
    if point {
        if let Some(address) = entry.attr_value(dw::DW_AT_low_pc) {
            let pc = unit
                .attr_address(address)
                .ok()
                .flatten()
                .and_then(WasmPc::from_dwarf);
            // GNU's call sites begin where the call returns to.
            let address = pc.and_then(|pc| match is_call_site(entry.tag()) {
                true => scopes.function()?.return_address(pc),
                false => cx.lookup.code_address(pc),
            });
            if let Some(address) = address {
                let address = Address::Constant(address.0);
                out.unit
                    .get_mut(id)
                    .set(dw::DW_AT_low_pc, AttributeValue::Address(address));
            }
        }
        return;
    }
    let Ok(code) = wasm_ranges(cx, entry) else {
        return out
            .warnings
            .add("an entry's ranges cannot be read", cx.offset(entry));
    };
    if cx.lookup.is_exhausted() {
        let what = format!("not all code of an entry can be shown: {EXHAUSTED}");
        out.warnings.lost(what, cx.offset(entry));
    }
    if entry.tag() == dw::DW_TAG_subprogram {
        out.code.extend(code.iter().cloned());
    }
    let code = match is_scope(entry.tag()) {
        true => scopes.within_outer(cx, entry, code),
        false => code,
    };
    if code.is_empty() && is_scope(entry.tag()) && entry.tag() != dw::DW_TAG_subprogram {
        set_no_code(cx, scopes, out, id, entry);
    }
    set_ranges(&mut out.unit, id, code, false);
}

/// Gives a scope without machine code an empty range. Without any, gdb would put what is in it in the scope around it.
fn set_no_code<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    scopes: &Scopes,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Entry<'a, 'd>,
) {
    let ranges = ranges(cx.unit, entry, &cx.listed).unwrap_or_default();
    let address = ranges.iter().find_map(|range| {
        let function = cx.lookup.function_at(range.start)?;
        let first = cx.lookup.code_address(range.start);
        Some(first.unwrap_or(cx.lookup.function(function).code.start))
    });
    // One that has none in the module either is there for a static variable in it.
    let start = |it: &Function| Some(cx.lookup.function(it.index?).code.start);
    let address = address.or_else(|| scopes.function().and_then(start));
    let Some(address) = address else { return };
    let mut entry = out.unit.get_mut(id);
    let address = Address::Constant(address.0);
    entry.set(dw::DW_AT_low_pc, AttributeValue::Address(address));
    entry.set(dw::DW_AT_high_pc, AttributeValue::Udata(0));
}

/// The code of the ranges of an entry.
pub(super) fn wasm_ranges<'d>(
    cx: &Context<'_, '_, 'd>,
    entry: &Entry<'_, 'd>,
) -> gimli::Result<Vec<Range<HostAddress>>> {
    let is_inner = is_scope(entry.tag()) && entry.tag() != dw::DW_TAG_subprogram;
    let mut code = Vec::new();
    let mut ranges = cx.unit.die_ranges(entry)?;
    while let Ok(Some(range)) = ranges.next() {
        if cx.lookup.is_exhausted() {
            break;
        }
        cx.lookup.spend(1);
        if let (Some(start), Some(end)) = (
            WasmPc::from_dwarf(range.begin),
            WasmPc::from_dwarf(range.end),
        ) {
            code.extend(match is_inner {
                true => cx.lookup.body_ranges(start..end),
                false => cx.lookup.code_ranges(start..end),
            });
        }
    }
    Ok(code)
}

/// The return address of a call, which is after an instruction of the call's own.
pub(super) fn return_point<'d>(
    cx: &Context<'_, '_, 'd>,
    scopes: &Scopes,
    attr: &Attribute<Reader<'d>>,
) -> Result<Option<AttributeValue>, Unlocatable> {
    let address = cx.unit.attr_address(attr.value())?;
    let code = address
        .and_then(WasmPc::from_dwarf)
        .and_then(|pc| scopes.function()?.return_address(pc));
    Ok(code.map(|address| AttributeValue::Address(Address::Constant(address.0))))
}

/// One address of code.
pub(super) fn code_point<'d>(
    cx: &Context<'_, '_, 'd>,
    attr: &Attribute<Reader<'d>>,
) -> Result<Option<AttributeValue>, Unlocatable> {
    let address = cx.unit.attr_address(attr.value())?;
    let code = address
        .and_then(WasmPc::from_dwarf)
        .and_then(|pc| cx.lookup.code_address(pc));
    Ok(code.map(|address| AttributeValue::Address(Address::Constant(address.0))))
}
