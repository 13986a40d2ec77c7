//! The root entries of units: which unit has which code. Of an abbreviation table only the root's declaration is read, which comes
//! first, and nothing of the line table: most of what a whole unit takes.

use super::ranges::RangeAttributes;
use crate::address::WasmPc;
use crate::ranges::ListRoom;
use crate::source::abbreviation::root_abbreviation;
use crate::source::{ReadDwarf, Reader};
use gimli::constants as dw;
use gimli::read::{Abbreviations, AttributeValue, Unit, UnitHeader};
use gimli::{
    DebugAddrBase, DebugInfoOffset, DebugLineOffset, DebugLocListsBase, DebugRngListsBase,
    DebugStrOffsetsBase, DwarfFileType, UnitType,
};
use std::ops::Range;
use std::sync::Arc;

/// A unit, as far as its root entry describes it.
pub(crate) struct Root<'a> {
    pub header: UnitHeader<Reader<'a>>,
    pub offset: DebugInfoOffset,
    /// Its line table.
    lines: Option<DebugLineOffset>,
}

/// The units of a module, up to one that cannot be passed.
pub(crate) struct Roots<'a> {
    /// In the order of the section.
    pub units: Vec<Root<'a>>,
    /// Units with code, but without its addresses.
    pub silent: Vec<usize>,
    /// True if there are units whose rest is in other files, or units of types.
    pub partial: bool,
    /// Sorted by where they begin.
    ranges: Vec<UnitRange>,
}

struct UnitRange {
    code: Range<WasmPc>,
    unit: usize,
    /// The furthest end of this one and those before it.
    reach: WasmPc,
}

impl<'a> Roots<'a> {
    pub fn read(dwarf: &ReadDwarf<'a>) -> Roots<'a> {
        let mut roots = Roots {
            units: Vec::new(),
            silent: Vec::new(),
            partial: dwarf.type_units().next().ok().flatten().is_some(),
            ranges: Vec::new(),
        };
        let room = ListRoom::of_roots(dwarf);
        let mut headers = dwarf.units();
        while let Ok(Some(header)) = headers.next() {
            roots.add(dwarf, header, &room);
        }
        roots.ranges.sort_by_key(|range| range.code.start);
        let mut reach = WasmPc(0);
        for range in &mut roots.ranges {
            reach = reach.max(range.code.end);
            range.reach = reach;
        }
        roots
    }

    fn add(&mut self, dwarf: &ReadDwarf<'a>, header: UnitHeader<Reader<'a>>, room: &ListRoom) {
        let Some(offset) = header.debug_info_offset() else {
            return;
        };
        let has_code = match header.type_() {
            UnitType::Type { .. } | UnitType::SplitType { .. } => {
                self.partial = true;
                return;
            }
            // They are there to be referred to.
            UnitType::Partial => false,
            _ => true,
        };
        let unit = self.units.len();
        self.units.push(Root {
            header,
            offset,
            lines: None,
        });
        let Some(root) = has_code
            .then(|| Attributes::read(dwarf, header, room))
            .flatten()
        else {
            return;
        };
        self.partial |= root.split;
        self.units[unit].lines = root.lines;
        if root.lines.is_some() && !root.placed {
            self.silent.push(unit);
        }
        let ranges = root.code.into_iter().map(|code| UnitRange {
            reach: code.end,
            code,
            unit,
        });
        self.ranges.extend(ranges);
    }

    /// The units that say that they have code at an address, in a function with this body. Several do of a function that each of
    /// them had, of which the linker kept one: as long as the one that they describe is, if they were not compiled alike.
    pub fn at(&self, pc: WasmPc, body: Option<&Range<WasmPc>>) -> Vec<usize> {
        let behind = self.ranges.partition_point(|range| range.code.start <= pc);
        let before = self.ranges[..behind].iter().rev();
        let mut ranges: Vec<_> = before
            .take_while(|range| pc < range.reach)
            .filter(|range| pc < range.code.end)
            .collect();
        ranges.sort_by_key(|it| (body != Some(&it.code), it.code.end, it.unit));
        ranges.into_iter().map(|range| range.unit).collect()
    }

    /// Returns true if a line table has the text of a source (DW_LNCT_LLVM_source), which only those of version 5 have.
    pub fn have_sources(&self, dwarf: &ReadDwarf<'a>) -> bool {
        let mut units = self.units.iter().filter(|root| root.header.version() >= 5);
        units.any(|root| {
            let size = root.header.address_size();
            let program = root
                .lines
                .and_then(|offset| dwarf.debug_line.program(offset, size, None, None).ok());
            program.is_some_and(|program| {
                let mut formats = program.header().file_name_entry_format().iter();
                formats.any(|format| format.content_type == dw::DW_LNCT_LLVM_source)
            })
        })
    }

    /// Returns true if the code that units say they have begins where functions of the module do: `bodies` are those, sorted.
    pub fn fit(&self, bodies: &[Range<WasmPc>]) -> bool {
        let fits = |start: &WasmPc| {
            let body = bodies.binary_search_by_key(start, |body| body.start);
            body.is_ok()
        };
        self.ranges.iter().all(|range| fits(&range.code.start))
    }
}

/// The attributes of a root entry.
struct Attributes {
    code: Vec<Range<WasmPc>>,
    /// True if it has addresses: a linker may have dropped all of its code.
    placed: bool,
    /// Its line table.
    lines: Option<DebugLineOffset>,
    /// True if the rest of the unit is in another file.
    split: bool,
}

impl Attributes {
    fn read<'a>(
        dwarf: &ReadDwarf<'a>,
        header: UnitHeader<Reader<'a>>,
        room: &ListRoom,
    ) -> Option<Attributes> {
        match root_abbreviation(dwarf, &header) {
            Some(first) => Attributes::with(dwarf, header, first.into(), room),
            None => None,
        }
        .or_else(|| Attributes::with(dwarf, header, dwarf.abbreviations(&header).ok()?, room))
    }

    /// `None` where the root's abbreviation is not among those given.
    fn with<'a>(
        dwarf: &ReadDwarf<'a>,
        header: UnitHeader<Reader<'a>>,
        abbreviations: Arc<Abbreviations>,
        room: &ListRoom,
    ) -> Option<Attributes> {
        let mut unit = bare_unit(header, abbreviations);
        let mut found = Attributes {
            code: Vec::new(),
            placed: false,
            lines: None,
            split: unit.dwo_id.is_some(),
        };
        let mut ranges = RangeAttributes::default();
        let (mut addresses, mut lists) = (unit.addr_base, unit.rnglists_base);
        {
            let mut entries = unit.header.entries_raw(&unit.abbreviations, None).ok()?;
            let abbreviation = entries.read_abbreviation().ok()??;
            for spec in abbreviation.attributes() {
                let attr = entries.read_attribute(*spec).ok()?;
                ranges.note(&attr);
                match attr.value() {
                    AttributeValue::DebugAddrBase(base) => addresses = base,
                    AttributeValue::DebugRngListsBase(base) => lists = base,
                    AttributeValue::DwoId(_) => found.split = true,
                    AttributeValue::DebugLineRef(offset) => found.lines = Some(offset),
                    _ => {}
                }
            }
        }
        (unit.addr_base, unit.rnglists_base) = (addresses, lists);
        unit.low_pc = ranges.base(unit.unit_ref(dwarf)).unwrap_or(0);
        found.code = ranges.read(unit.unit_ref(dwarf), room);
        found.placed = ranges.is_said(unit.unit_ref(dwarf));
        Some(found)
    }
}

/// A unit of which nothing has been read.
fn bare_unit(
    header: UnitHeader<Reader<'_>>,
    abbreviations: Arc<Abbreviations>,
) -> Unit<Reader<'_>> {
    let (encoding, file) = (header.encoding(), DwarfFileType::Main);
    Unit {
        header,
        abbreviations,
        name: None,
        comp_dir: None,
        low_pc: 0,
        str_offsets_base: DebugStrOffsetsBase::default_for_encoding_and_file(encoding, file),
        addr_base: DebugAddrBase(0),
        loclists_base: DebugLocListsBase::default_for_encoding_and_file(encoding, file),
        rnglists_base: DebugRngListsBase::default_for_encoding_and_file(encoding, file),
        line_program: None,
        dwo_id: match header.type_() {
            UnitType::Skeleton(id) | UnitType::SplitCompilation(id) => Some(id),
            _ => None,
        },
    }
}
