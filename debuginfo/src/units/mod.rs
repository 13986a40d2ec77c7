//! The units of a module, read as somebody asks for them and kept: what reports, core dumps and `addr2line` look places and
//! variables up in. Of a unit that nobody asked for, its root entry alone is read.
//!
//! ```text
//! .debug_info ─roots→ ranges of units ─pc→ unit ─functions→ entry ─scopes→ inlined functions, variables
//!                                               └ lines→ row
//! ```

pub(crate) mod functions;
pub(crate) mod lines;
mod objects;
mod place;
mod ranges;
pub(crate) mod roots;

use crate::address::{AddressSize, WasmPc};
use crate::locals::{Body, Frame, numbering};
use crate::source::{ReadDwarf, ReadUnit, Reader, WasmDwarf, attr_string};
use functions::{Function, Functions};
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue, DebuggingInformationEntry, Unit};
use lines::Lines;
pub(crate) use place::Place;
use roots::Roots;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// An entry.
pub(crate) type Entry<'u, 'd> = DebuggingInformationEntry<Reader<'d>>;

/// The units of a module.
pub(crate) struct Units<'a> {
    dwarf: ReadDwarf<'a>,
    pub roots: Roots<'a>,
    /// The contents of the code section.
    code: &'a [u8],
    pub bodies: Vec<Range<WasmPc>>,
    parsed: Box<[OnceCell<Option<Box<Parsed<'a>>>>]>,
    renumbered: OnceCell<bool>,
    objects: OnceCell<HashMap<u32, Place>>,
}

/// A unit that somebody asked for.
struct Parsed<'a> {
    unit: Unit<Reader<'a>>,
    functions: Functions,
    lines: OnceCell<Option<Lines<'a>>>,
}

impl<'a> Units<'a> {
    /// Of a module's DWARF, the contents of its code section and the bodies of its functions, sorted.
    pub fn new(dwarf: &WasmDwarf<'a>, code: &'a [u8], bodies: Vec<Range<WasmPc>>) -> Units<'a> {
        let dwarf = dwarf.read();
        let roots = Roots::read(&dwarf);
        let parsed = roots.units.iter().map(|_| OnceCell::new()).collect();
        Units {
            dwarf,
            roots,
            code,
            bodies,
            parsed,
            renumbered: OnceCell::new(),
            objects: OnceCell::new(),
        }
    }

    fn parsed(&self, index: usize) -> Option<&Parsed<'a>> {
        let parsed = self.parsed.get(index)?.get_or_init(|| {
            let unit = self.dwarf.unit(self.roots.units[index].header).ok()?;
            Some(Box::new(Parsed {
                unit,
                functions: Functions::default(),
                lines: OnceCell::new(),
            }))
        });
        parsed.as_deref()
    }

    /// A unit, by its number; `None` where it cannot be read.
    pub fn get(&self, index: usize) -> Option<ReadUnit<'_, 'a>> {
        Some(self.parsed(index)?.unit.unit_ref(&self.dwarf))
    }

    /// The size of a unit's addresses.
    pub fn address_size(&self, index: usize) -> AddressSize {
        let unit = self.get(index);
        unit.map_or(AddressSize::Four, |unit| AddressSize::of(unit.encoding()))
    }

    /// The function of a unit that has code at an address.
    pub fn function(&self, unit: usize, pc: WasmPc) -> Option<Arc<Function>> {
        let parsed = self.parsed(unit)?;
        let read = parsed.unit.unit_ref(&self.dwarf);
        parsed.functions.at(read, unit, pc)
    }

    /// The rows of a unit; `None` where there are none that can be read.
    pub fn lines(&self, index: usize) -> Option<&Lines<'a>> {
        let parsed = self.parsed(index)?;
        let lines = parsed
            .lines
            .get_or_init(|| Lines::new(parsed.unit.unit_ref(&self.dwarf)));
        lines.as_ref()
    }

    /// The units that may have code at an address, by their number: those that say so, then those that do not say what they have.
    pub fn at(&self, pc: WasmPc) -> impl Iterator<Item = usize> {
        let silent = self.roots.silent.iter().copied();
        let silent = silent.filter(move |unit| self.lines(*unit).is_some_and(|it| it.has(pc)));
        let behind = self.bodies.partition_point(|body| body.start <= pc);
        let body = behind.checked_sub(1).map(|body| &self.bodies[body]);
        self.roots.at(pc, body).into_iter().chain(silent)
    }

    /// Returns true if the module's locals have other numbers than in its debug info.
    pub fn are_renumbered(&self) -> bool {
        let find = || numbering::of_read(&self.dwarf, self.code, &self.bodies).is_some();
        *self.renumbered.get_or_init(find)
    }

    /// Returns the frame that locations of a function, which has code at an address, are checked against.
    pub fn frame(&self, function: Place, pc: WasmPc) -> Frame {
        let behind = self.bodies.partition_point(|body| body.start <= pc);
        let body = behind.checked_sub(1).map(|body| &self.bodies[body]);
        let body = body.filter(|body| pc < body.end).and_then(|body| {
            let bytes = self.code.get(body.start.0 as usize..body.end.0 as usize)?;
            Body::parse(bytes, body.start)
        });
        match self.entry(function) {
            Some((unit, entry)) => Frame::of(unit, &entry, body.map(Rc::new)),
            None => Frame::default(),
        }
    }

    /// Returns true if line tables have the text of sources.
    pub fn have_sources(&self) -> bool {
        self.roots.have_sources(&self.dwarf)
    }

    /// An entry, and its unit.
    pub fn entry(&self, place: Place) -> Option<(ReadUnit<'_, 'a>, Entry<'_, 'a>)> {
        let unit = self.get(place.unit)?;
        let entry = unit.entry(place.offset).ok()?;
        Some((unit, entry))
    }

    /// Resolves a reference of a unit.
    pub fn reference(&self, unit: usize, value: AttributeValue<Reader<'a>>) -> Option<Place> {
        match value {
            AttributeValue::UnitRef(offset) => Some(Place { unit, offset }),
            AttributeValue::DebugInfoRef(offset) => self.place(offset),
            _ => None,
        }
    }

    /// The place of an entry that is named by its offset in `.debug_info`.
    pub fn place(&self, offset: DebugInfoOffset) -> Option<Place> {
        let units = &self.roots.units;
        let behind = units.partition_point(|root| root.offset <= offset);
        let unit = behind.checked_sub(1)?;
        let offset = offset.to_unit_offset(&units[unit].header)?;
        Some(Place { unit, offset })
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

    /// An attribute that is a string, of an entry or of the one that it is a copy of.
    fn text(&self, place: Place, name: gimli::DwAt) -> Option<String> {
        let (unit, attr) = self.attr(place, name)?;
        let text = attr_string(self.get(unit)?, attr.value()).ok()?;
        Some(String::from_utf8_lossy(text.slice()).into_owned())
    }

    /// An entry's name.
    pub fn name(&self, place: Place) -> Option<String> {
        self.text(place, dw::DW_AT_name)
    }

    /// A function's linkage name, which is more specific than its own.
    pub fn linkage_name(&self, place: Place) -> Option<String> {
        self.text(place, dw::DW_AT_linkage_name)
            .or_else(|| self.text(place, dw::DW_AT_MIPS_linkage_name))
            .or_else(|| self.name(place))
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

    /// The types that something generic is made for.
    pub fn type_parameters(&self, place: Place) -> Vec<Place> {
        let children = self.children(place).into_iter();
        let parameters = children.filter(|(_, tag)| *tag == dw::DW_TAG_template_type_parameter);
        parameters.filter_map(|(child, _)| self.ty(child)).collect()
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
