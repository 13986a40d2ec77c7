//! Debug info whose addresses leave out the code section's number of functions, which comes first in it: they are those of the bytes before.
//! The `wast` crate, and with it `wasm-tools parse -g`, counts from the first function's size on (in version 263 still).

use crate::address::WasmPc;
use crate::container::with_debug_info;
use crate::source::{ReadDwarf, ReadUnit, WasmDwarf};
use crate::stale::stale;
use gimli::constants as dw;
use gimli::{Reader, Section, SectionId};
use std::ops::Range;
use wasmparser::BinaryReader;

/// The beginning of the producer's name.
const PRODUCER: &[u8] = b"wast ";

/// Sections that have addresses beside those that the crate writes.
const OTHERS: [SectionId; 6] = [
    SectionId::DebugAddr,
    SectionId::DebugAranges,
    SectionId::DebugLoc,
    SectionId::DebugLocLists,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
];

/// A module with debug info whose addresses count all of the code section, where its own leave out the number of functions: `code` is the
/// section's contents, and `bodies` are those in it, where none of the functions begins that are described.
pub fn with_function_count(
    wasm: &[u8],
    dwarf: &WasmDwarf<'_>,
    code: &[u8],
    bodies: &[Range<WasmPc>],
) -> Option<Vec<u8>> {
    let read = dwarf.read();
    if !is_of_wast(&read) || OTHERS.iter().any(|id| !dwarf.section(*id).is_empty()) {
        return None;
    }
    let mut reader = BinaryReader::new(code, 0);
    reader.read_var_u32().ok()?;
    let count = u32::try_from(reader.original_position()).ok()?;
    let before = |pc: WasmPc| WasmPc(pc.0.saturating_sub(count));
    let described = bodies.iter().map(|it| before(it.start)..before(it.end));
    if stale(dwarf, &described.collect::<Vec<_>>()).is_some() {
        return None;
    }
    let mut info = dwarf.section(SectionId::DebugInfo).to_vec();
    let mut lines = dwarf.section(SectionId::DebugLine).to_vec();
    let mut units = read.units();
    while let Some(header) = units.next().ok()? {
        let unit = read.unit(header).ok()?;
        let unit = unit.unit_ref(&read);
        for at in in_entries(unit).ok()? {
            add(&mut info, &at, count)?;
        }
        for at in in_lines(unit).ok()? {
            add(&mut lines, &at, count)?;
        }
    }
    let others = dwarf.sections().filter(|(name, _)| {
        ![SectionId::DebugInfo.name(), SectionId::DebugLine.name()].contains(name)
    });
    let counted = [
        (SectionId::DebugInfo.name(), &info[..]),
        (SectionId::DebugLine.name(), &lines[..]),
    ];
    with_debug_info(wasm, others.chain(counted)).ok()
}

/// Returns true if all units were made by the crate.
fn is_of_wast(dwarf: &ReadDwarf<'_>) -> bool {
    let mut units = dwarf.units();
    let mut any = false;
    while let Ok(Some(header)) = units.next() {
        let producer = dwarf.unit(header).ok().and_then(|unit| {
            let root = unit.entry(unit.header.root_offset()).ok()?;
            let producer = root.attr_value(dw::DW_AT_producer)?;
            let name = dwarf.attr_string(&unit, producer).ok()?;
            Some(name.to_slice().ok()?.starts_with(PRODUCER))
        });
        if producer != Some(true) {
            return false;
        }
        any = true;
    }
    any
}

/// The places of addresses in a unit's entries, in .debug_info.
fn in_entries(unit: ReadUnit<'_, '_>) -> gimli::Result<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let start = unit.header.offset().0;
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        for attribute in abbreviation.attributes() {
            let from = start + entries.next_offset().0;
            entries.read_attribute(*attribute)?;
            if attribute.form() == dw::DW_FORM_addr {
                found.push(from..start + entries.next_offset().0);
            }
        }
    }
    Ok(found)
}

/// The places of addresses in a unit's line number program, in .debug_line: the operands of DW_LNE_set_address (DWARF 5, section 6.2.5).
fn in_lines(unit: ReadUnit<'_, '_>) -> gimli::Result<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let Some(program) = &unit.line_program else {
        return Ok(found);
    };
    let header = program.header();
    let mut input = header.raw_program_buf();
    while !input.is_empty() {
        match input.read_u8()? {
            0 => {
                let len = input.read_uleb128()?;
                let mut instruction = input.split(usize::try_from(len).unwrap_or(usize::MAX))?;
                if instruction.is_empty() || instruction.read_u8()? != dw::DW_LNE_set_address.0 {
                    continue;
                }
                let from = instruction.offset_from(*unit.dwarf.debug_line.reader());
                found.push(from..from + instruction.len());
            }
            opcode if opcode == dw::DW_LNS_fixed_advance_pc.0 => drop(input.read_u16()?),
            opcode if opcode < header.opcode_base() => {
                let lengths = header.standard_opcode_lengths().slice();
                for _ in 0..lengths.get(usize::from(opcode) - 1).copied().unwrap_or(0) {
                    input.read_uleb128()?;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Adds to an address; `None` where that has no room.
fn add(section: &mut [u8], at: &Range<usize>, count: u32) -> Option<()> {
    let mut carry = count;
    for byte in section.get_mut(at.clone())? {
        carry += u32::from(*byte);
        *byte = carry as u8;
        carry >>= 8;
    }
    (carry == 0).then_some(())
}
