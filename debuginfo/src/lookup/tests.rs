//! Which code a range has, and how much a unit may ask for.

use super::{Lookup, STRETCHES_BESIDE, STRETCHES_OF_BYTE, STRETCHES_OF_ROW};
use crate::address::{CodeOffset, HostAddress, WasmPc};
use crate::code::{CodeMap, DebugSlots, Flavor, FunctionCode};
use crate::prevailing::Prevailing;
use crate::source::{Reader, WasmDwarf};
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::UnitHeader;
use std::ops::Range;

/// The address of the code.
const TEXT: u64 = 0x1000;
/// Bytes of code that a piece has.
const STEP: u32 = 4;

/// A function of `order.len()` instructions of one byte, from `wasm` on, whose code is in that order.
fn function(wasm: u32, code: u64, order: &[u32]) -> FunctionCode<'static> {
    let rows = order.iter().zip(0..);
    let rows = rows.map(|(pc, at)| (CodeOffset(at * STEP), Some(WasmPc(wasm + pc))));
    let length = order.len() as u32;
    FunctionCode {
        index: 0,
        name: "f",
        wasm: WasmPc(wasm)..WasmPc(wasm + length),
        parameters: Vec::new(),
        has_results: true,
        pops_arguments: false,
        code: HostAddress(code)..HostAddress(code).offset(length * STEP),
        rows: rows.collect(),
        slots: DebugSlots::default(),
        returns: Vec::new(),
    }
}

fn code(functions: Vec<FunctionCode<'static>>) -> CodeMap<'static> {
    CodeMap {
        module_name: "test",
        wasm: &[],
        text: HostAddress(TEXT)..HostAddress(TEXT + 0x100_0000),
        functions,
        trampolines: Vec::new(),
        eh_frame: (HostAddress(0), &[]),
        memories: Vec::new(),
        table: Vec::new(),
        globals: Vec::new(),
        forwards: Vec::new(),
        heap: None,
        context: None,
        flavor: Flavor::Gdb,
        at_own_addresses: false,
        pointer_code: None,
    }
}

fn ranges(code: &CodeMap<'_>, wasm: Range<u32>) -> Vec<Range<u64>> {
    let found = Lookup::new(code).code_ranges(WasmPc(wasm.start)..WasmPc(wasm.end));
    let offset = |it: HostAddress| (it.0 - TEXT) / u64::from(STEP);
    found
        .iter()
        .map(|it| offset(it.start)..offset(it.end))
        .collect()
}

/// Units with a root that is a range, with the unit's header: of 16 bytes, and as many more as are asked for.
struct Units(Vec<u8>);

impl Units {
    fn of(units: &[(Range<u32>, usize)]) -> Units {
        let unit = |(range, more): &(Range<u32>, usize)| {
            let mut body = vec![4, 0, 0, 0, 0, 0, 4, 1];
            body.extend(range.start.to_le_bytes());
            body.extend((range.end - range.start).to_le_bytes());
            body.resize(body.len() + more, 0);
            [&(body.len() as u32).to_le_bytes()[..], &body].concat()
        };
        Units(units.iter().flat_map(unit).collect())
    }

    /// Passes the units and the prevailing of their code to a closure.
    fn with<R>(
        &self,
        code: &CodeMap<'_>,
        find: impl FnOnce(&[UnitHeader<Reader<'_>>], &Prevailing) -> R,
    ) -> R {
        // One tag with DW_AT_low_pc as an address and DW_AT_high_pc as 4 bytes.
        let low_pc = [dw::DW_AT_low_pc.0 as u8, dw::DW_FORM_addr.0 as u8];
        let high_pc = [dw::DW_AT_high_pc.0 as u8, dw::DW_FORM_data4.0 as u8];
        let tag = [1, dw::DW_TAG_compile_unit.0 as u8, 0];
        let abbreviations = [&tag[..], &low_pc, &high_pc, &[0, 0, 0]].concat();
        let sections = [
            (".debug_info", &self.0[..]),
            (".debug_abbrev", &abbreviations),
        ];
        let dwarf = WasmDwarf::new(sections.into_iter());
        let read = dwarf.read();
        let mut units = read.units();
        let headers: Vec<_> = std::iter::from_fn(|| units.next().unwrap()).collect();
        let units: Vec<_> = headers.iter().map(|it| read.unit(*it).unwrap()).collect();
        let units = units.iter().map(|unit| unit.unit_ref(&read));
        let prevailing = Prevailing::of(units, code);
        find(&headers, &prevailing)
    }
}

/// Returns how often a unit with a range, and some more bytes, may ask for another range, and the answer's length.
fn answers(code: &CodeMap<'_>, unit: (Range<u32>, usize), wasm: Range<u32>) -> (usize, usize) {
    Units::of(&[unit]).with(code, |headers, prevailing| {
        let lookup = Lookup::of_unit(code, prevailing, &headers[0]);
        let mut count = 0;
        while !lookup.is_exhausted() {
            lookup.code_ranges(WasmPc(wasm.start)..WasmPc(wasm.end));
            count += 1;
        }
        (count, headers[0].unit_length() * STRETCHES_OF_BYTE)
    })
}

#[test]
fn a_body_begins_with_its_first_instruction() {
    let mut function = function(10, TEXT, &[0, 1, 2, 3]);
    function.rows[0].1 = None;
    let code = code(vec![function]);
    let lookup = Lookup::new(&code);
    for (wasm, end) in [(10..14, 4), (10..12, 2)] {
        let wasm = WasmPc(wasm.start)..WasmPc(wasm.end);
        let to = HostAddress(TEXT).offset(end * STEP);
        let body = HostAddress(TEXT).offset(STEP)..to;
        assert_eq!(lookup.code_ranges(wasm.clone()), [HostAddress(TEXT)..to]);
        assert_eq!(lookup.body_ranges(wasm), [body]);
    }
}

#[test]
fn code_in_the_order_of_wasm_is_one_stretch() {
    let code = code(vec![function(10, TEXT, &[0, 1, 2, 3, 4])]);
    assert_eq!(ranges(&code, 10..15), [0..5]);
    assert_eq!(ranges(&code, 11..14), [1..4]);
    assert_eq!(ranges(&code, 12..13), [2..3]);
    assert_eq!(ranges(&code, 15..20), []);
    assert_eq!(ranges(&code, 13..13), []);
}

#[test]
fn code_in_another_order_is_merged_where_it_touches() {
    // A block that was moved to the end, and one whose two halves were exchanged.
    let code = code(vec![function(10, TEXT, &[0, 3, 4, 6, 5, 1, 2])]);
    assert_eq!(ranges(&code, 10..12), [0..1, 5..6]);
    assert_eq!(ranges(&code, 11..13), [5..7]);
    assert_eq!(ranges(&code, 11..15), [1..3, 5..7]);
    assert_eq!(ranges(&code, 13..17), [1..5]);
    assert_eq!(ranges(&code, 12..16), [1..3, 4..5, 6..7]);
}

#[test]
fn ranges_over_several_functions_have_the_code_of_all() {
    let first = function(10, TEXT, &[0, 1, 2]);
    let second = function(20, TEXT + 3 * u64::from(STEP), &[1, 0]);
    let code = code(vec![first, second]);
    assert_eq!(ranges(&code, 10..22), [0..5]);
    assert_eq!(ranges(&code, 12..21), [2..3, 4..5]);
}

#[test]
fn what_merges_counts_as_one() {
    let order: Vec<u32> = (0..2000).collect();
    let code = code(vec![function(10, TEXT, &order)]);
    let (count, by_length) = answers(&code, (10..2010, 0), 11..2009);
    // Each answer is a stretch, and counts as asked for beside it.
    let allowed = STRETCHES_BESIDE + by_length + 2000 * STRETCHES_OF_ROW;
    assert!(count > allowed / 3, "{count} of {allowed}");
    assert!(count <= allowed, "{count} of {allowed}");
}

#[test]
fn a_unit_may_ask_in_proportion_to_its_size_and_its_code() {
    let order: Vec<u32> = (0..500).rev().collect();
    let code = code(vec![
        function(10, TEXT, &order),
        function(1000, TEXT + 0x10000, &order),
    ]);
    let count = |range, more| answers(&code, (range, more), 11..509).0;
    let small = count(10..510, 0);
    // Twice the code, and many times the bytes.
    assert!(count(10..1500, 0) > small);
    assert!(count(10..510, 100_000) > 50 * small);
    // And code that is none of the unit's own.
    assert!(count(5000..5001, 0) < small);
}

#[test]
fn the_code_of_units_that_share_it_counts_for_the_first() {
    let code = code(vec![
        function(10, TEXT, &[0, 1, 2]),
        function(20, TEXT + 64, &[0, 1]),
    ]);
    let units = Units::of(&[(10..22, 0), (10..22, 0)]);
    let rows = units.with(&code, |headers, prevailing| {
        let offsets = headers.iter().map(|it| DebugInfoOffset(it.offset().0));
        offsets.map(|it| prevailing.rows(it)).collect::<Vec<_>>()
    });
    assert_eq!(rows, [5, 0]);
}
