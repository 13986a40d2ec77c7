//! Units' parts → sections: each part learns where it and those that it refers to came to be.

use super::bytes::{ABBREV_OFFSET, list_header};
use super::encode::Encoded;
use super::macros::LINE_OFFSET;
use super::strings::{Strings, Used};
use super::{debug_names, set_length};
use crate::offset_set::OffsetSet;
use gimli::SectionId;
use std::collections::HashMap;

/// A section, in the pieces that units made: joined when the image is written.
pub(crate) type Section = (&'static str, Vec<Vec<u8>>);

/// The beginnings of a unit's parts in their sections.
#[derive(Clone, Copy)]
struct Base {
    info: u32,
    abbrev: u32,
    line: u32,
    rnglists: u32,
    loclists: u32,
    macros: u32,
}

/// The header of lists. One for all units: lldb looks no further than the first table is long.
const LIST_HEADER: [u8; 12] = list_header(8);

/// Puts units together. `strings` is the input's `.debug_str`; those that are used are the second result.
pub(crate) fn assemble<'d>(
    mut units: Vec<Encoded<'d>>,
    strings: &'d [u8],
) -> (Vec<Section>, Strings<'d>) {
    let bases = bases(&mut units);
    let (line_strings, line_offsets) = line_strings(&units);
    let mut used = Used::find(used_strings(&units, strings.len()), strings);
    let targets: Vec<_> = units
        .iter_mut()
        .map(|it| std::mem::take(&mut it.entries))
        .collect();
    for (unit, base) in units.iter_mut().zip(&bases) {
        // One that describes nothing has nothing to fill in.
        if unit.info.is_empty() {
            continue;
        }
        place(unit, base, &used);
        let Encoded { info, loclists, .. } = unit;
        for (section, foreign) in [(info, &unit.foreign), (loclists, &unit.foreign_in_lists)] {
            for (at, target) in foreign {
                let unit_of_it = target.unit as usize;
                let entry = targets[unit_of_it].get(target.entry.0 as usize);
                patch(section, *at, |_| {
                    bases[unit_of_it].info + entry.unwrap_or(&0)
                });
            }
        }
        for (at, string) in &unit.line_strings {
            patch(&mut unit.line, *at, |_| line_offsets[string]);
        }
    }
    let listed = units.iter().zip(&bases);
    let listed: Vec<_> = listed
        .filter_map(|(unit, base)| Some((base.info, unit.names.as_deref()?)))
        .collect();
    let index = debug_names::write(&listed, &mut used, strings);
    let units = &mut units[..];
    let mut sections = vec![
        (SectionId::DebugNames.name(), vec![index]),
        section(SectionId::DebugAbbrev, |it| &mut it.abbrev, units),
        section(SectionId::DebugInfo, |it| &mut it.info, units),
        section(SectionId::DebugLine, |it| &mut it.line, units),
        section(SectionId::DebugMacro, |it| &mut it.macro_table.bytes, units),
        (SectionId::DebugLineStr.name(), vec![line_strings]),
        with_header(section(
            SectionId::DebugRngLists,
            |it| &mut it.rnglists,
            units,
        )),
        with_header(section(
            SectionId::DebugLocLists,
            |it| &mut it.loclists,
            units,
        )),
    ];
    sections.retain(|(_, parts)| parts.iter().any(|part| !part.is_empty()));
    (sections, used.strings)
}

/// Tells a unit where its parts and its strings are.
fn place(unit: &mut Encoded<'_>, base: &Base, used: &Used<'_>) {
    let info = &mut unit.info;
    patch(info, ABBREV_OFFSET as u32, |_| base.abbrev);
    for at in &unit.strings {
        patch(info, *at, |string| used.place(string));
    }
    for at in &unit.range_lists {
        patch(info, *at, |list| base.rnglists + list);
    }
    for at in &unit.location_lists {
        patch(info, *at, |list| base.loclists + list);
    }
    if let Some(at) = unit.line_program {
        patch(info, at, |_| base.line);
    }
    if let Some(at) = unit.macro_table_ref {
        patch(info, at, |_| base.macros);
        let table = &mut unit.macro_table;
        patch(&mut table.bytes, LINE_OFFSET, |_| base.line);
        for at in &table.strings {
            patch(&mut table.bytes, *at, |string| used.place(string));
        }
    }
}

/// A section of what units have of it.
fn section<'d>(
    id: SectionId,
    part: for<'u> fn(&'u mut Encoded<'d>) -> &'u mut Vec<u8>,
    units: &mut [Encoded<'d>],
) -> Section {
    let parts = units.iter_mut().map(|unit| std::mem::take(part(unit)));
    (id.name(), parts.filter(|part| !part.is_empty()).collect())
}

/// Returns the beginnings of units. One that is beyond what 32 bits reach is left out.
fn bases(units: &mut [Encoded<'_>]) -> Vec<Base> {
    let mut next = Base {
        info: 0,
        abbrev: 0,
        line: 0,
        rnglists: LIST_HEADER.len() as u32,
        loclists: LIST_HEADER.len() as u32,
        macros: 0,
    };
    let mut one = |unit: &mut Encoded<'_>| {
        let base = next;
        match base.behind(unit) {
            Some(behind) => next = behind,
            None => *unit = Encoded::default(),
        }
        base
    };
    units.iter_mut().map(&mut one).collect()
}

impl Base {
    /// Returns the beginning of the next unit.
    fn behind(&self, unit: &Encoded<'_>) -> Option<Base> {
        let behind = |base: u32, part: &Vec<u8>| base.checked_add(u32::try_from(part.len()).ok()?);
        Some(Base {
            info: behind(self.info, &unit.info)?,
            abbrev: behind(self.abbrev, &unit.abbrev)?,
            line: behind(self.line, &unit.line)?,
            rnglists: behind(self.rnglists, &unit.rnglists)?,
            loclists: behind(self.loclists, &unit.loclists)?,
            macros: behind(self.macros, &unit.macro_table.bytes)?,
        })
    }
}

fn with_header((name, mut parts): Section) -> Section {
    let len: usize = parts.iter().map(Vec::len).sum();
    if len > 0 {
        let mut header = LIST_HEADER.to_vec();
        header.resize(LIST_HEADER.len() + len, 0);
        set_length(&mut header, 0);
        header.truncate(LIST_HEADER.len());
        parts.insert(0, header);
    }
    (name, parts)
}

/// Changes an offset in a section.
fn patch(section: &mut [u8], at: u32, change: impl FnOnce(u32) -> u32) {
    let place = &mut section[at as usize..at as usize + 4];
    let value = u32::from_le_bytes([place[0], place[1], place[2], place[3]]);
    place.copy_from_slice(&change(value).to_le_bytes());
}

/// The offsets in the input of the strings that units use.
fn used_strings(units: &[Encoded<'_>], end: usize) -> OffsetSet {
    let mut set = OffsetSet::new(end);
    for unit in units {
        let table = &unit.macro_table;
        let parts = [(&unit.info, &unit.strings), (&table.bytes, &table.strings)];
        for (bytes, places) in parts {
            for at in places {
                let at = *at as usize;
                let bytes = &bytes[at..at + 4];
                set.insert(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize);
            }
        }
    }
    set
}

/// The strings of all line tables, each once, and where they are.
fn line_strings<'d>(units: &[Encoded<'d>]) -> (Vec<u8>, HashMap<&'d [u8], u32>) {
    let mut written = Vec::new();
    let mut offsets = HashMap::new();
    for (_, string) in units.iter().flat_map(|unit| &unit.line_strings) {
        offsets.entry(*string).or_insert_with(|| {
            let offset = written.len() as u32;
            written.extend(*string);
            written.push(0);
            offset
        });
    }
    (written, offsets)
}
