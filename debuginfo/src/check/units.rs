//! All units that can be read, and entries of them by references.

use crate::dies::Die;
use crate::macros::{Room, is_macros, read};
use crate::source::{ReadDwarf, ReadUnit, Reader, StringRoom, attr_string, entry_at};
use gimli::constants as dw;
use gimli::read::{AttributeValue, Unit};
use gimli::{DebugInfoOffset, LittleEndian, Section as _, UnitRef};

/// Bytes by which names are told from each other.
pub(super) const MAX_NAME: usize = 4096;

/// The longest chain of references that is followed: an instance of a definition of a declaration.
const MAX_REFERENCES: usize = 4;

/// The units of a `.debug_info` section, sorted by their offsets.
pub(super) struct Units<'r, 'd> {
    dwarf: &'r ReadDwarf<'d>,
    units: Vec<Unit<Reader<'d>>>,
    /// The budget of macros that are compared: as many as become part of an image.
    room: Room,
    /// The strings that may still be read in entries that others refer to.
    strings: StringRoom,
}

/// A name as debug info has it, and a line; 0 for none.
pub(super) type Declared<'d> = (Option<Reader<'d>>, u64);

impl<'r, 'd> Units<'r, 'd> {
    /// Reads the headers.
    pub fn of(dwarf: &'r ReadDwarf<'d>) -> Units<'r, 'd> {
        let mut headers = dwarf.units();
        let headers = std::iter::from_fn(|| headers.next().ok().flatten());
        Units {
            dwarf,
            units: headers
                .filter_map(|header| dwarf.unit(header).ok())
                .collect(),
            room: Room::new([dwarf]),
            strings: StringRoom::of_bytes(dwarf.debug_info.reader().len()),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = ReadUnit<'_, 'd>> {
        self.units.iter().map(|unit| UnitRef::new(self.dwarf, unit))
    }

    /// The unit that an offset is in.
    pub fn at(&self, offset: DebugInfoOffset) -> Option<ReadUnit<'_, 'd>> {
        let index = self
            .units
            .partition_point(|unit| unit.header.offset().0 <= offset.0);
        let unit = self.units.get(index.checked_sub(1)?)?;
        Some(UnitRef::new(self.dwarf, unit))
    }

    /// An entry, with its unit.
    pub fn entry(&self, offset: DebugInfoOffset) -> Option<(ReadUnit<'_, 'd>, Die<'d>)> {
        let unit = self.at(offset)?;
        let entry = entry_at(unit, offset.to_unit_offset(&unit.header)?, &self.strings)?;
        Some((unit, entry))
    }

    /// A unit's root entry.
    pub fn root(&self, offset: DebugInfoOffset) -> Option<(ReadUnit<'_, 'd>, Die<'d>)> {
        let unit = self.at(offset)?;
        let root = unit.entries().next_dfs().ok()??.clone();
        Some((unit, root))
    }

    /// An entry's name and the line of its declaration, or those of what it completes or is an instance of.
    pub fn name_and_line(&self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Declared<'d> {
        let (mut name, mut line) = own(unit, entry);
        let mut next = self.origin(unit, entry);
        for _ in 0..MAX_REFERENCES {
            let Some((unit, entry)) = next.filter(|_| name.is_none() || line.is_none()) else {
                break;
            };
            let (found, at) = own(unit, &entry);
            (name, line) = (name.or(found), line.or(at));
            next = self.origin(unit, &entry);
        }
        (name, line.unwrap_or(0))
    }

    /// Returns the number of macros of a unit: definitions, and ends of them.
    pub fn macros(&self, unit: ReadUnit<'_, 'd>, root: &Die<'d>) -> usize {
        let attr = root.attrs().iter().find(|attr| is_macros(attr.name()));
        let any_file = |file| Some(file);
        let found = attr.and_then(|attr| read(unit, attr, &any_file, 0, &self.room).ok());
        found.map_or(0, |macros| macros.count)
    }

    /// The file of an entry's declaration, or a unit's own.
    pub fn file(&self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Option<String> {
        if entry.tag() == dw::DW_TAG_compile_unit {
            return None;
        }
        let mut next = Some((unit, entry.clone()));
        for _ in 0..MAX_REFERENCES {
            let (unit, entry) = next?;
            if let Some(AttributeValue::FileIndex(index)) = entry.attr_value(dw::DW_AT_decl_file) {
                let header = unit.line_program.as_ref()?.header();
                let name = attr_string(unit, header.file(index)?.path_name()).ok()?;
                return Some(name.to_string_lossy().into_owned());
            }
            next = self.origin(unit, &entry);
        }
        None
    }

    /// Returns the entry that this one completes or is an instance of.
    fn origin(
        &self,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
    ) -> Option<(ReadUnit<'_, 'd>, Die<'d>)> {
        let reference = entry
            .attr_value(dw::DW_AT_abstract_origin)
            .or_else(|| entry.attr_value(dw::DW_AT_specification))?;
        match reference {
            AttributeValue::UnitRef(offset) => {
                let offset = DebugInfoOffset(unit.header.offset().0.checked_add(offset.0)?);
                self.entry(offset)
            }
            AttributeValue::DebugInfoRef(offset) => self.entry(offset),
            _ => None,
        }
    }
}

/// The beginning of an attribute's string, as long as names are: entries may share a longer one.
pub(super) fn text<'d>(
    unit: ReadUnit<'_, 'd>,
    value: AttributeValue<Reader<'d>>,
) -> Option<Reader<'d>> {
    let text = attr_string(unit, value).ok()?.slice();
    Some(Reader::new(&text[..text.len().min(MAX_NAME)], LittleEndian))
}

fn own<'d>(unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> (Option<Reader<'d>>, Option<u64>) {
    let name = entry.attr_value(dw::DW_AT_name);
    let name = name.and_then(|name| text(unit, name));
    let line = entry.attr(dw::DW_AT_decl_line);
    (name, line.and_then(|line| line.udata_value()))
}
