//! What a module's DWARF can ask of its code, found before there is any: locals that locations name, and statements.

use crate::address::WasmPc;
use crate::code::{EVERYWHERE, KeptValue, NamedLocal, OperandQuestion, Questions, Statement};
use crate::dies::{Die, MAX_DEPTH, each_expression, is_alias, is_call_site, is_scope, ranges};
use crate::expr::decode::{Op, decode};
use crate::outline::is_text;
use crate::ranges::{ListRoom, extent};
use crate::source::{ReadUnit, StringRoom, Warning, Warnings, WasmDwarf, entry_at, headers};
use gimli::constants as dw;
use gimli::read::AttributeValue;
use rayon::prelude::*;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Scans a module's DWARF, its units in parallel.
pub fn questions(dwarf: &WasmDwarf<'_>) -> (Questions, Vec<Warning>) {
    let read = dwarf.read();
    let mut warnings = Warnings::default();
    // By the offset of each: units may share one.
    let tables = Mutex::new(HashSet::new());
    let scan = |header| {
        let mut found = Questions::default();
        // A unit that cannot be read is warned of when native DWARF is made, which reads more of it: once is enough.
        let _ = read.unit(header).and_then(|unit| {
            let unit = unit.unit_ref(&read);
            scan_lines(unit, &tables, &mut found)?;
            if is_text(unit) {
                scan_instructions(unit, &mut found)?;
            }
            scan_entries(unit, &mut found)
        });
        found
    };
    let units: Vec<_> = headers(&read, &mut warnings)
        .into_par_iter()
        .map(scan)
        .collect();
    let mut found = Questions::default();
    for unit in units {
        found.locals.extend(unit.locals);
        found.variables.extend(unit.variables);
        found.frame_bases.extend(unit.frame_bases);
        found.small_structures.extend(unit.small_structures);
        found.operands.extend(unit.operands);
        found.kept.extend(unit.kept);
        found.call_sites.extend(unit.call_sites);
        found.statements.extend(unit.statements);
        found.instructions.extend(unit.instructions);
    }
    sort(&mut found);
    (found, warnings.finish())
}

/// Brings questions of all units in the order in which they are looked up, each once.
fn sort(found: &mut Questions) {
    found.locals.sort_unstable();
    found.locals.dedup();
    found.frame_bases.sort_unstable();
    found.frame_bases.dedup();
    found.variables.sort_unstable();
    found.variables.dedup_by(|next, before| {
        let is_one = (next.function, next.local) == (before.function, before.local)
            && next.from <= before.until;
        if is_one {
            before.until = before.until.max(next.until);
        }
        is_one
    });
    found.instructions.sort_unstable_by_key(|range| range.start);
    found.small_structures.sort_unstable();
    found.small_structures.dedup();
    found.kept.sort_unstable();
    found.kept.dedup();
    found.call_sites.sort_unstable();
    found.call_sites.dedup();
    // Of several that end differently, the one that ends last.
    found.operands.sort_unstable_by(|a, b| {
        let key = |it: &OperandQuestion| (it.from, it.place);
        key(a).cmp(&key(b)).then(b.until.cmp(&a.until))
    });
    found.operands.dedup_by(|next, first| {
        let is_one = (next.from, next.place) == (first.from, first.place);
        first.is_shared |= is_one;
        first.is_of_scope &= !is_one || next.is_of_scope;
        is_one
    });
    // Those at one address stay in the table's order.
    found.statements.sort_by_key(|statement| statement.pc);
}

/// The statements of live sequences. The last row at an address is what the instruction there belongs to, whether a statement
/// or not; those before it count where they are statements.
fn scan_lines(
    unit: ReadUnit<'_, '_>,
    tables: &Mutex<HashSet<usize>>,
    found: &mut Questions,
) -> gimli::Result<()> {
    let Some(program) = unit.line_program.clone() else {
        return Ok(());
    };
    let offset = program.header().offset().0;
    let mut tables = tables.lock().unwrap_or_else(PoisonError::into_inner);
    if !tables.insert(offset) {
        return Ok(());
    }
    drop(tables);
    let mut rows = program.rows();
    while let Some((_, row)) = rows.next_row()? {
        if row.is_stmt() && !row.end_sequence() {
            let line = row.line().map_or(0, |line| line.get() as u32);
            let pc = WasmPc::from_dwarf(row.address());
            found.statements.extend(pc.map(|pc| Statement { pc, line }));
        }
    }
    Ok(())
}

/// The code of a unit whose lines are instructions.
fn scan_instructions(unit: ReadUnit<'_, '_>, found: &mut Questions) -> gimli::Result<()> {
    let mut ranges = unit.unit_ranges()?;
    while let Some(range) = ranges.next()? {
        let start = WasmPc::from_dwarf(range.begin).zip(WasmPc::from_dwarf(range.end));
        found
            .instructions
            .extend(start.map(|(start, end)| start..end));
    }
    Ok(())
}

/// A function, or a scope within one.
struct Scope {
    depth: isize,
    ranges: Vec<Range<WasmPc>>,
    /// The innermost function with code: its address.
    function: Option<WasmPc>,
    /// Globals that are the function's frame base.
    frame_globals: Vec<u32>,
}

impl Scope {
    /// Of a function's or a block's entry, in another.
    fn of<'d>(
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
        outer: Option<&Scope>,
        room: &ListRoom,
        referred: &StringRoom,
        found: &mut Questions,
    ) -> gimli::Result<Scope> {
        let ranges = ranges(unit, entry, room)?;
        let start = ranges.first().map(|range| range.start);
        let function = start.filter(|_| entry.tag() == dw::DW_TAG_subprogram);
        if let Some(pc) = function
            && returns_small_structure(unit, entry, referred)
        {
            found.small_structures.push(pc);
        }
        let (function, frame_globals) = match outer {
            Some(outer) if function.is_none() => (outer.function, outer.frame_globals.clone()),
            _ => (function, Vec::new()),
        };
        Ok(Scope {
            depth: entry.depth(),
            ranges,
            function,
            frame_globals,
        })
    }

    /// Collects the requirements of an entry's expressions in a scope; of lists only where they are new to the function.
    fn ask_all<'d>(
        &mut self,
        function: WasmPc,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
        is_new: &mut dyn FnMut(usize) -> bool,
        room: &ListRoom,
        found: &mut Questions,
    ) {
        for attr in entry.attrs() {
            let is_frame_base = attr.name() == dw::DW_AT_frame_base;
            // Ranges are lists too, of no expressions.
            if is_scope(entry.tag()) && attr.exprloc_value().is_none() && !is_frame_base {
                continue;
            }
            let list = unit.attr_locations_offset(attr.value()).ok().flatten();
            if list.is_some_and(|list| !is_new(list.0)) {
                continue;
            }
            each_expression(unit, attr, room, &mut |range, expression| {
                for op in decode(expression, unit).unwrap_or_default() {
                    match op {
                        Op::Global(global) if is_frame_base => self.frame_globals.push(global),
                        Op::Local(local) if is_frame_base => {
                            found.locals.push((function, local));
                            found.frame_bases.push((function, local));
                        }
                        op => self.ask(function, &op, range.as_ref(), room, found),
                    }
                }
            });
        }
    }

    /// Collects the requirements of an operation of an expression that is valid in a range; `None` is all of the scope.
    fn ask(
        &self,
        function: WasmPc,
        op: &Op,
        range: Option<&Range<WasmPc>>,
        room: &ListRoom,
        found: &mut Questions,
    ) {
        match *op {
            Op::Local(local) => {
                found.locals.push((function, local));
                // Without a range it is wherever the scope is, or a debugger takes it to be.
                let at = range.cloned().unwrap_or(EVERYWHERE);
                found.variables.push(NamedLocal {
                    function,
                    local,
                    from: at.start,
                    until: at.end,
                });
            }
            Op::EntryLocal(local) => found.kept.push((function, KeptValue::Entry(local))),
            // A frame without variables need not be known: many are said to be where the stack pointer is.
            Op::FrameOffset(_) => {
                let globals = self.frame_globals.iter();
                let globals = globals.map(|global| (function, KeptValue::Global(*global)));
                found.kept.extend(globals);
            }
            Op::Stack(place) => {
                let mut range_once = range.cloned().or_else(|| extent(&self.ranges));
                let ranges = room.entries(|| Ok(range_once.take()));
                found.operands.extend(ranges.map(|at| OperandQuestion {
                    from: at.start,
                    place,
                    until: at.end,
                    is_shared: false,
                    is_of_scope: range.is_none(),
                }));
            }
            _ => {}
        }
    }
}

/// The locals that frame bases and locations name, by function, and operands.
fn scan_entries(unit: ReadUnit<'_, '_>, found: &mut Questions) -> gimli::Result<()> {
    let mut entries = unit.entries();
    // Those around the entry, the innermost last.
    let mut scopes: Vec<Scope> = Vec::new();
    // Lists that entries of a function share ask for the same.
    let mut seen = HashSet::new();
    let (room, referred) = (ListRoom::of(unit), StringRoom::of(unit));
    while let Some(entry) = entries.next_dfs()? {
        let depth = entry.depth();
        while scopes.last().is_some_and(|scope| scope.depth >= depth) {
            scopes.pop();
        }
        if is_scope(entry.tag()) {
            let scope = Scope::of(unit, entry, scopes.last(), &room, &referred, found)?;
            scopes.push(scope);
        }
        if is_call_site(entry.tag()) {
            found.call_sites.extend(call_site(unit, entry));
        }
        if let Some(scope) = scopes.last_mut()
            && let Some(function) = scope.function
        {
            let mut is_new = |list: usize| seen.insert((function, list));
            scope.ask_all(function, unit, entry, &mut is_new, &room, found);
        }
    }
    Ok(())
}

/// Returns true if a function returns a structure of at most 16 bytes that is copied as it is (System V ABI, AMD64 supplement, 3.2.3).
fn returns_small_structure<'d>(
    unit: ReadUnit<'_, 'd>,
    function: &Die<'d>,
    room: &StringRoom,
) -> bool {
    let follow = |entry: &Die<'d>, name| match entry.attr_value(name)? {
        AttributeValue::UnitRef(offset) => entry_at(unit, offset, room),
        _ => None,
    };
    let declared = follow(function, dw::DW_AT_specification)
        .or_else(|| follow(function, dw::DW_AT_abstract_origin));
    let mut ty = follow(declared.as_ref().unwrap_or(function), dw::DW_AT_type);
    for _ in 0..MAX_DEPTH {
        let Some(entry) = ty else { return false };
        match entry.tag() {
            tag if is_alias(tag) => ty = follow(&entry, dw::DW_AT_type),
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type => {
                let size = entry
                    .attr(dw::DW_AT_byte_size)
                    .and_then(|it| it.udata_value());
                let convention = entry.attr_value(dw::DW_AT_calling_convention);
                let by_reference = AttributeValue::CallingConvention(dw::DW_CC_pass_by_reference);
                return size.is_some_and(|size| size <= 16) && convention != Some(by_reference);
            }
            _ => return false,
        }
    }
    false
}

/// The return address of a call, which is DW_AT_low_pc in GNU's form.
fn call_site<'d>(unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Option<WasmPc> {
    let address = entry
        .attr_value(dw::DW_AT_call_return_pc)
        .or_else(|| entry.attr_value(dw::DW_AT_low_pc))?;
    let address = unit.attr_address(address).ok()??;
    WasmPc::from_dwarf(address)
}
