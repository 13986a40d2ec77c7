//! Units by address and by offset, and attributes followed to where they are said.

use crate::address::WasmPc;
use crate::source::{ReadDwarf, ReadUnit, Reader, WasmDwarf};
use crate::symbolize::UnitPlace;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue, DebuggingInformationEntry, Unit, UnitHeader};
use gimli::{DebugInfoOffset, UnitOffset};
use std::cell::OnceCell;

/// An entry.
pub(super) type Entry<'u, 'd> = DebuggingInformationEntry<Reader<'d>>;

/// The units of a module.
pub(super) struct Units<'a> {
    dwarf: ReadDwarf<'a>,
    units: Vec<(UnitHeader<Reader<'a>>, OnceCell<Option<Unit<Reader<'a>>>>)>,
}

/// An entry's place: its unit's number and its offset there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub unit: usize,
    pub offset: UnitOffset,
}

impl<'a> Units<'a> {
    pub fn new(dwarf: &WasmDwarf<'a>) -> Units<'a> {
        let dwarf = dwarf.read();
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Ok(Some(header)) = headers.next() {
            units.push((header, OnceCell::new()));
        }
        Units { dwarf, units }
    }

    /// A unit, by its number; `None` where it cannot be read.
    pub fn get(&self, index: usize) -> Option<ReadUnit<'_, 'a>> {
        let (header, unit) = self.units.get(index)?;
        let unit = unit
            .get_or_init(|| self.dwarf.unit(*header).ok())
            .as_ref()?;
        Some(unit.unit_ref(&self.dwarf))
    }

    /// The number of the unit that has code at an address: the one that is said to have it, if it has, else one that is found.
    pub fn at(&self, pc: WasmPc, said: Option<UnitPlace>) -> Option<usize> {
        let said = said.and_then(|said| {
            let offset = |header: &UnitHeader<_>| header.debug_info_offset();
            self.units
                .iter()
                .position(|(header, _)| offset(header) == Some(said.0))
        });
        said.into_iter()
            .chain(0..self.units.len())
            .find(|index| self.has(*index, pc) == Some(true))
    }

    fn has(&self, unit: usize, pc: WasmPc) -> Option<bool> {
        let mut ranges = self.get(unit)?.unit_ranges().ok()?;
        while let Some(range) = ranges.next().ok()? {
            if WasmPc::from_dwarf(range.begin).is_some()
                && (range.begin..range.end).contains(&u64::from(pc.0))
            {
                return Some(true);
            }
        }
        Some(false)
    }

    /// An entry, and its unit.
    pub fn entry(&self, place: Place) -> Option<(ReadUnit<'_, 'a>, Entry<'_, 'a>)> {
        let unit = self.get(place.unit)?;
        let entry = unit.entry(place.offset).ok()?;
        Some((unit, entry))
    }

    /// What a reference in a unit refers to.
    pub fn reference(&self, unit: usize, value: AttributeValue<Reader<'a>>) -> Option<Place> {
        match value {
            AttributeValue::UnitRef(offset) => Some(Place { unit, offset }),
            AttributeValue::DebugInfoRef(offset) => self.place(offset),
            _ => None,
        }
    }

    fn place(&self, offset: DebugInfoOffset) -> Option<Place> {
        self.units
            .iter()
            .enumerate()
            .find_map(|(unit, (header, _))| {
                let offset = offset.to_unit_offset(header)?;
                Some(Place { unit, offset })
            })
    }

    /// An attribute of an entry or of the one that it is a copy of, with the number of the unit that says it.
    pub fn attr(&self, place: Place, name: gimli::DwAt) -> Option<(usize, Attribute<Reader<'a>>)> {
        let mut place = place;
        // Origins of origins are few; damaged input could have a circle.
        for _ in 0..8 {
            let (_, entry) = self.entry(place)?;
            if let Some(attr) = entry.attr(name) {
                return Some((place.unit, *attr));
            }
            let origin = entry
                .attr_value(dw::DW_AT_abstract_origin)
                .or_else(|| entry.attr_value(dw::DW_AT_specification))?;
            place = self.reference(place.unit, origin)?;
        }
        None
    }

    /// An entry's name.
    pub fn name(&self, place: Place) -> Option<String> {
        let (unit, attr) = self.attr(place, dw::DW_AT_name)?;
        let text = self.get(unit)?.attr_string(attr.value()).ok()?;
        Some(String::from_utf8_lossy(text.slice()).into_owned())
    }

    /// A number that an entry has.
    pub fn number(&self, place: Place, name: gimli::DwAt) -> Option<u64> {
        self.attr(place, name)?.1.udata_value()
    }

    /// An entry's type.
    pub fn ty(&self, place: Place) -> Option<Place> {
        let (unit, attr) = self.attr(place, dw::DW_AT_type)?;
        self.reference(unit, attr.value())
    }

    /// An entry's tag.
    pub fn tag(&self, place: Place) -> Option<gimli::DwTag> {
        Some(self.entry(place)?.1.tag())
    }

    /// An entry's children with their tags.
    pub fn children(&self, place: Place) -> Vec<(Place, gimli::DwTag)> {
        let children = || {
            let unit = self.get(place.unit)?;
            let mut tree = unit.entries_tree(Some(place.offset)).ok()?;
            let mut children = tree.root().ok()?.children();
            let mut found = Vec::new();
            while let Ok(Some(child)) = children.next() {
                let entry = child.entry();
                found.push((
                    Place {
                        unit: place.unit,
                        offset: entry.offset(),
                    },
                    entry.tag(),
                ));
            }
            Some(found)
        };
        children().unwrap_or_default()
    }
}
