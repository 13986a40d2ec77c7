//! What units share: abbreviations, line tables, and the range lists of their roots. Compilers give a unit its own, or one to a unit and
//! the types of its own; each unit reads its table anew. Thousands of units that name one table, or places in the middle of one, would
//! cost the product of both.

use super::abbreviation::{declaration_len, root_abbreviation};
use super::reader::{ReadDwarf, Reader};
use gimli::constants as dw;
use gimli::read::{Abbreviations, AttributeValue, DebugAbbrev, DebugInfo, UnitHeader};
use gimli::{
    DebugAbbrevOffset, DebugRngListsBase, DwarfFileType, Encoding, EndianSlice, LittleEndian,
    RangeListsOffset, Section as _, UnitType,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The factor by which the line tables of units may exceed the section: as programs with rows, and as lists of files.
const PROGRAMS: usize = 2;
const HEADERS: usize = 64;
/// The bytes that they may have in any case: with `-fdebug-types-section` thousands of units of types share one unit's list of files.
const ANY_PROGRAMS: usize = 64 << 10;
const ANY_HEADERS: usize = 64 << 20;

/// The ranges that the roots of units may have in any case, beside one for each byte of lists.
const ANY_RANGES: usize = 1 << 12;

/// Bytes of a declaration of an abbreviation, at most; compilers' have less than a hundred. Attributes may take no room in entries: each of
/// thousands of entries would cost what one declaration is long.
const DECLARATION: usize = 1024;

/// As many bytes of abbreviations are read without another look, in a good second.
const LITTLE: usize = 1 << 28;

/// Has each table of abbreviations read once, and leaves out the units from the first on whose line tables or ranges are too many.
pub(crate) fn bound(dwarf: &mut ReadDwarf<'_>) {
    share_abbreviations(dwarf);
    if let Some(end) = end_of_units(dwarf) {
        let section = dwarf.debug_info.reader().slice();
        dwarf.debug_info = DebugInfo::new(&section[..end], LittleEndian);
    }
}

fn share_abbreviations(dwarf: &mut ReadDwarf<'_>) {
    let mut users: BTreeMap<usize, usize> = BTreeMap::new();
    let mut note = |header: UnitHeader<Reader<'_>>| {
        *users.entry(header.debug_abbrev_offset().0).or_default() += 1;
    };
    let (mut units, mut types) = (dwarf.units(), dwarf.type_units());
    while let Ok(Some(header)) = units.next() {
        note(header);
    }
    while let Ok(Some(header)) = types.next() {
        note(header);
    }
    let section = dwarf.debug_abbrev.reader().slice();
    // Each table is passed over once more, those that overlap too.
    let few = users.len().saturating_mul(section.len()) <= LITTLE;
    let none = Arc::new(no_abbreviations());
    // Where the table before ends: one that begins in another is none.
    let mut end = 0;
    for (offset, count) in users {
        let place = DebugAbbrevOffset(offset);
        let is_inside = !few && offset < end;
        let len = match is_inside {
            true => None,
            false => table_len(section.get(offset..).unwrap_or_default()),
        };
        let Some(len) = len else {
            dwarf
                .abbreviations_cache
                .set::<Reader<'_>>(place, none.clone());
            continue;
        };
        end = offset + len;
        if count > 1 {
            let table = dwarf.debug_abbrev.abbreviations(place);
            let table = table.map_or(none.clone(), Arc::new);
            dwarf.abbreviations_cache.set::<Reader<'_>>(place, table);
        }
    }
}

fn no_abbreviations() -> Abbreviations {
    let empty = DebugAbbrev::new(&[0], LittleEndian);
    let table = empty.abbreviations(DebugAbbrevOffset(0));
    table.expect("a table that ends at once")
}

/// The length of a table of abbreviations, with its end; up to damage. `None` where a declaration is too long.
fn table_len(table: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(rest) = table.get(at..).filter(|rest| rest.first() != Some(&0)) {
        match declaration_len(rest) {
            Some(len) if len > DECLARATION => return None,
            Some(len) => at += len,
            None => return Some(table.len()),
        }
    }
    Some(at + 1)
}

/// The offset of the first unit whose line table, or list of ranges, is one too many.
fn end_of_units(dwarf: &ReadDwarf<'_>) -> Option<usize> {
    let section = dwarf.debug_line.reader();
    let mut programs = ANY_PROGRAMS + PROGRAMS * section.len();
    let mut headers = ANY_HEADERS + HEADERS * section.len();
    let lists = &dwarf.ranges;
    let lists = lists.debug_ranges().reader().len() + lists.debug_rnglists().reader().len();
    let mut ranges = ANY_RANGES + lists;
    let mut units = dwarf.units();
    while let Ok(Some(unit)) = units.next() {
        let root = Root::read(dwarf, &unit).unwrap_or_default();
        let table = root.lines.and_then(|at| Table::read(*section, at));
        let table = table.unwrap_or(Table {
            header: 0,
            program: 0,
        });
        // Those of types and what is shared with them are asked for names of files.
        let has_code = matches!(unit.type_(), UnitType::Compilation | UnitType::Skeleton(_));
        let program = if has_code { table.program } else { 0 };
        match (
            headers.checked_sub(table.header),
            programs.checked_sub(program),
            ranges.checked_sub(root.count_ranges(dwarf, unit.encoding(), ranges)),
        ) {
            (Some(left), Some(rest), Some(others)) => {
                (headers, programs, ranges) = (left, rest, others);
            }
            _ => return unit.debug_info_offset().map(|offset| offset.0),
        }
    }
    None
}

/// The tables that the root of a unit names.
#[derive(Default)]
struct Root {
    lines: Option<usize>,
    ranges: Option<RangeListsOffset>,
}

impl Root {
    fn read(dwarf: &ReadDwarf<'_>, unit: &UnitHeader<Reader<'_>>) -> Option<Root> {
        let place = unit.debug_abbrev_offset();
        let table = match root_abbreviation(dwarf, unit) {
            Some(first) => Arc::new(first),
            None => dwarf
                .abbreviations_cache
                .get(&dwarf.debug_abbrev, place)
                .ok()?,
        };
        let mut entries = unit.entries_raw(&table, None).ok()?;
        let abbreviation = entries.read_abbreviation().ok()??;
        let (encoding, file) = (unit.encoding(), DwarfFileType::Main);
        let mut base = DebugRngListsBase::default_for_encoding_and_file(encoding, file);
        let (mut root, mut index) = (Root::default(), None);
        for spec in abbreviation.attributes() {
            let attr = entries.read_attribute(*spec).ok()?;
            match attr.value() {
                AttributeValue::DebugLineRef(at) if attr.name() == dw::DW_AT_stmt_list => {
                    root.lines = Some(at.0);
                }
                AttributeValue::RangeListsRef(at) if attr.name() == dw::DW_AT_ranges => {
                    root.ranges = Some(RangeListsOffset(at.0));
                }
                AttributeValue::DebugRngListsIndex(at) => index = Some(at),
                AttributeValue::DebugRngListsBase(at) => base = at,
                _ => {}
            }
        }
        if let Some(index) = index {
            root.ranges = dwarf.ranges.get_offset(encoding, base, index).ok();
        }
        Some(root)
    }

    /// The entries of the list of ranges; one more than `most` where there are more.
    fn count_ranges(&self, dwarf: &ReadDwarf<'_>, encoding: Encoding, most: usize) -> usize {
        let Some(list) = self.ranges else {
            return 0;
        };
        let Ok(mut list) = dwarf.ranges.raw_ranges(list, encoding) else {
            return 0;
        };
        let entries = std::iter::from_fn(|| list.next().ok().flatten());
        entries.take(most.saturating_add(1)).count()
    }
}

/// The bytes of a line table.
struct Table {
    header: usize,
    program: usize,
}

impl Table {
    /// Reads the lengths that a table at an offset begins with (DWARF 5, section 6.2.4).
    fn read(section: EndianSlice<'_, LittleEndian>, offset: usize) -> Option<Table> {
        use gimli::Reader as _;
        let mut reader = section;
        reader.skip(offset).ok()?;
        let (length, format) = reader.read_initial_length().ok()?;
        let program = length.min(reader.len());
        if reader.read_u16().ok()? >= 5 {
            reader.skip(2).ok()?;
        }
        let header = reader.read_length(format).ok()?.min(program);
        Some(Table { header, program })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::WasmDwarf;

    /// Units of version 4 that have only a root, with an offset of abbreviations and of a line table each.
    fn units(tables: impl Iterator<Item = (u32, u32)>) -> Vec<u8> {
        let unit = |(abbreviations, lines): (u32, u32)| {
            let mut unit = vec![12, 0, 0, 0, 4, 0];
            unit.extend(abbreviations.to_le_bytes());
            unit.extend([4, 1]);
            unit.extend(lines.to_le_bytes());
            unit
        };
        tables.flat_map(unit).collect()
    }

    fn count(info: &[u8], abbrev: &[u8], line: &[u8]) -> (usize, usize) {
        let sections = [
            (".debug_info", info),
            (".debug_abbrev", abbrev),
            (".debug_line", line),
        ];
        let read = WasmDwarf::new(sections.into_iter()).read();
        let mut units = read.units();
        let (mut all, mut readable) = (0, 0);
        while let Ok(Some(header)) = units.next() {
            all += 1;
            readable += usize::from(
                read.abbreviations(&header)
                    .is_ok_and(|it| it.get(1).is_some()),
            );
        }
        (all, readable)
    }

    /// Bytes of a declaration that is not the root's.
    const OTHER: u32 = 7;

    /// A root with a line table; then others.
    fn abbreviations(others: u32) -> Vec<u8> {
        let root = [1, 0x11, 0, 0x10, 0x17, 0, 0];
        let code = |code: u32| {
            [
                code as u8 | 0x80,
                (code >> 7) as u8 | 0x80,
                (code >> 14) as u8,
            ]
        };
        let other = |i| [&code(2 + i)[..], &[0x2e, 0, 0, 0]].concat();
        let others: Vec<u8> = (0..others).flat_map(other).collect();
        [&root[..], &others, &[0]].concat()
    }

    /// A line table of version 4, with a header without files and a program of `DW_LNS_copy`.
    fn lines(rows: usize) -> Vec<u8> {
        let header = [1, 1, 1, 0, 14, 1, 0, 0, 0];
        let mut table = ((6 + header.len() + rows) as u32).to_le_bytes().to_vec();
        table.extend([4, 0, header.len() as u8, 0, 0, 0]);
        table.extend(header);
        table.extend(vec![1; rows]);
        table
    }

    #[test]
    fn units_share_one_table_of_abbreviations() {
        let info = units((0..5000).map(|_| (0, 0)));
        let sections = [
            (".debug_info", &info[..]),
            (".debug_abbrev", &abbreviations(100_000)),
        ];
        let read = WasmDwarf::new(sections.into_iter()).read();
        let (mut headers, mut tables) = (read.units(), Vec::new());
        while let Ok(Some(header)) = headers.next() {
            tables.push(read.abbreviations(&header).unwrap());
        }
        assert_eq!(tables.len(), 5000);
        assert!(tables.iter().all(|table| Arc::ptr_eq(table, &tables[0])));
    }

    #[test]
    fn tables_in_the_middle_of_others_are_none() {
        // The declarations after the root's, each of which would be the start of a table.
        let abbrev = abbreviations(100_000);
        let inside = (0..5000).map(|i| (7 + OTHER * i, 0));
        let info = units(std::iter::once((0, 0)).chain(inside));
        assert_eq!(count(&info, &abbrev, &[]), (5001, 1));
    }

    #[test]
    fn declarations_of_more_attributes_than_compilers_have_are_none() {
        let info = units(std::iter::once((0, 0)));
        let of = |attributes| {
            let flags = [0x3f, 0x19].repeat(attributes);
            [&[1, 0x11, 0][..], &flags, &[0, 0, 0]].concat()
        };
        assert_eq!(count(&info, &of(200), &[]), (1, 1));
        assert_eq!(count(&info, &of(2000), &[]), (1, 0));
    }

    #[test]
    fn units_with_their_own_line_tables_stay_and_copies_end() {
        let table = lines(1000);
        let abbrev = abbreviations(1);
        let own = units((0..500).map(|i| (0, i * table.len() as u32)));
        assert_eq!(count(&own, &abbrev, &table.repeat(500)).0, 500);
        let shared = units((0..5000).map(|_| (0, 0)));
        let kept = count(&shared, &abbrev, &table).0;
        assert!((2..100).contains(&kept), "{kept}");
    }

    #[test]
    fn units_with_their_own_ranges_stay_and_copies_end() {
        let roots = |lists: &[u32]| {
            let table = [1, 0x11, 0, 0x55, 0x17, 0, 0, 0];
            let unit = |list: &u32| {
                let unit = [12, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1];
                [&unit[..], &list.to_le_bytes()].concat()
            };
            let info: Vec<u8> = lists.iter().flat_map(unit).collect();
            // Lists of a hundred ranges each.
            let list = [[1, 0, 0, 0, 2, 0, 0, 0].repeat(100), vec![0; 8]].concat();
            let sections = [
                (".debug_info", &info[..]),
                (".debug_abbrev", &table),
                (".debug_ranges", &list.repeat(500)),
            ];
            let read = WasmDwarf::new(sections.into_iter()).read();
            let mut units = read.units();
            std::iter::from_fn(|| units.next().ok().flatten()).count()
        };
        let own: Vec<u32> = (0..500).map(|i| i * 808).collect();
        assert_eq!(roots(&own), 500);
        let kept = roots(&[0; 50_000]);
        assert!((100..5_000).contains(&kept), "{kept}");
        // In the middle of others.
        let inside: Vec<u32> = (0..50_000).map(|i| i % 50_000 * 8).collect();
        assert!(roots(&inside) < 10_000);
    }
}
