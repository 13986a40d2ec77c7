//! A unit's tree → bytes, in one pass. References are filled in when all entries have their places.

use super::bytes::unit_header;
use super::form::{Forms, abbreviations, leads_somewhere};
use super::names::{self, Listed};
use super::unit::Children;
use super::value::{Read, Value};
use super::{Address, DebugInfoRef, Expression, MacroTable, Named, Unit, UnitEntryId};
use super::{set_length, sleb, uleb};
use gimli::constants as dw;

/// A unit's part of each section, and what in it depends on the other units.
#[derive(Default, Debug)]
pub(crate) struct Encoded<'d> {
    pub info: Vec<u8>,
    pub abbrev: Vec<u8>,
    pub line: Vec<u8>,
    pub rnglists: Vec<u8>,
    pub loclists: Vec<u8>,
    /// The places in `info` of offsets into the input's `.debug_str`.
    pub strings: Vec<u32>,
    /// The places in `info` of offsets into `rnglists`, and into `loclists`.
    pub range_lists: Vec<u32>,
    pub location_lists: Vec<u32>,
    /// The place in `info` of the reference to `line`.
    pub line_program: Option<u32>,
    /// Its macros, and where `info` refers to them.
    pub macro_table: MacroTable,
    pub macro_table_ref: Option<u32>,
    /// The places in `info` of references to entries of other units.
    pub foreign: Vec<(u32, DebugInfoRef)>,
    /// The places in `loclists` of references to entries of any unit.
    pub foreign_in_lists: Vec<(u32, DebugInfoRef)>,
    /// The offsets in `info` of entries, by number: for references from other units.
    pub entries: Vec<u32>,
    /// The unit's part of the index, if it is in one.
    pub names: Option<Vec<Listed>>,
    /// The places in `line` of references to strings, with the strings.
    pub line_strings: Vec<(u32, &'d [u8])>,
}

/// Encodes a unit.
pub(crate) fn encode<'d>(mut unit: Unit) -> Encoded<'d> {
    let ranges = std::mem::take(&mut unit.ranges.0);
    let locations = std::mem::take(&mut unit.locations.0);
    if unit.is_indexed {
        names::complete(&mut unit);
    }
    let mut abbrev = Vec::new();
    let forms = Forms::of(&unit);
    let mut encoder = Encoder {
        unit: &unit,
        out: Encoded {
            info: unit_header(dw::DW_UT_compile, 8).to_vec(),
            ..Encoded::default()
        },
        codes: abbreviations(&unit, forms, &mut abbrev),
        forms,
        offsets: vec![0; unit.count()],
        references: Vec::new(),
        types: Vec::new(),
    };
    encoder.entries();
    let mut out = encoder.finish();
    if unit.is_indexed {
        out.names = names::listed(&unit, &out.entries);
    }
    out.abbrev = abbrev;
    out.rnglists = ranges.bytes;
    out.loclists = locations.bytes;
    for (at, named) in locations.named {
        match named {
            Named::Type(ty) => {
                Expression::set_type(&mut out.loclists[at..], out.entries[ty.0 as usize]);
            }
            Named::Entry(entry) => out.foreign_in_lists.push((at as u32, entry)),
        }
    }
    out
}

struct Encoder<'u, 'd> {
    unit: &'u Unit,
    out: Encoded<'d>,
    /// The abbreviation of each entry, by number.
    codes: Vec<u32>,
    forms: Forms,
    /// The offsets of entries, by number.
    offsets: Vec<u32>,
    /// The places of references to other entries, with the entries.
    references: Vec<(u32, UnitEntryId)>,
    types: Vec<(usize, UnitEntryId)>,
}

impl<'u, 'd> Encoder<'u, 'd> {
    /// All entries, in their tree's order; without recursion, as the input's depth has no limit.
    fn entries(&mut self) {
        let mut open: Vec<_> = self.entry(self.unit.root()).into_iter().collect();
        while let Some(children) = open.last_mut() {
            match children.next() {
                Some(child) => open.extend(self.entry(child)),
                None => {
                    self.out.info.push(0);
                    open.pop();
                }
            }
        }
    }

    /// One entry. Its children, if it has any, are to follow.
    fn entry(&mut self, id: UnitEntryId) -> Option<Children<'u>> {
        let entry = self.unit.get(id);
        self.offsets[id.0 as usize] = self.out.info.len() as u32;
        uleb(&mut self.out.info, self.codes[id.0 as usize].into());
        for attr in entry.attrs() {
            let is_written = self.forms.implicit(attr).is_some();
            if !is_written && leads_somewhere(self.unit, &attr.get()) {
                self.value(&attr.get());
            }
        }
        entry.has_children().then(|| self.unit.children(id))
    }

    fn expression(&mut self, expression: &Expression) {
        let out = &mut self.out;
        uleb(&mut out.info, expression.bytes().len() as u64);
        let (types, foreign) = (&mut self.types, &mut out.foreign);
        expression.write(&mut out.info, &mut |at, named| match named {
            Named::Type(ty) => types.push((at, ty)),
            Named::Entry(entry) => foreign.push((at as u32, entry)),
        });
    }

    fn value(&mut self, value: &Read<'_>) {
        let out = &mut self.out;
        let here = out.info.len() as u32;
        // An offset in a section that comes later, and its place.
        let placed = |places: &mut Vec<u32>, info: &mut Vec<u8>, offset: &u32| {
            places.push(here);
            info.extend(offset.to_le_bytes());
        };
        match value {
            Value::Address(Address::Constant(address)) => {
                out.info.extend(address.to_le_bytes());
            }
            Value::Block(bytes) => {
                uleb(&mut out.info, bytes.len() as u64);
                out.info.extend_from_slice(bytes);
            }
            Value::Data1(value) => out.info.push(*value),
            Value::Data2(value) => out.info.extend(value.to_le_bytes()),
            Value::Data4(value) => out.info.extend(value.to_le_bytes()),
            Value::Data8(value) => out.info.extend(value.to_le_bytes()),
            Value::Data16(value) => out.info.extend(value.to_le_bytes()),
            Value::Sdata(value) => sleb(&mut out.info, *value),
            Value::Udata(value) => uleb(&mut out.info, *value),
            Value::Encoding(value) => uleb(&mut out.info, value.0.into()),
            Value::CallingConvention(value) => uleb(&mut out.info, value.0.into()),
            Value::ImplicitConst(_) | Value::Flag(true) => {}
            Value::Flag(false) => out.info.push(0),
            Value::Exprloc(expression) => self.expression(expression),
            Value::UnitRef(id) => {
                self.references.push((here, *id));
                let end = out.info.len() + self.forms.references.size();
                out.info.resize(end, 0);
            }
            Value::DebugInfoRef(target) => {
                out.foreign.push((here, *target));
                out.info.extend([0; 4]);
            }
            Value::LineProgramRef => {
                out.line_program = Some(here);
                out.info.extend([0; 4]);
            }
            Value::MacroTableRef => {
                out.macro_table_ref = Some(here);
                out.info.extend([0; 4]);
            }
            Value::LocationListRef(list) => placed(&mut out.location_lists, &mut out.info, list),
            Value::RangeListRef(list) => placed(&mut out.range_lists, &mut out.info, list),
            Value::StringRef(string) => placed(&mut out.strings, &mut out.info, string),
            Value::String(string) => {
                out.info.extend_from_slice(string);
                out.info.push(0);
            }
        }
    }

    /// Closes the unit and fills in what refers to its own entries.
    fn finish(mut self) -> Encoded<'d> {
        let info = &mut self.out.info;
        set_length(info, 0);
        for (at, id) in self.references {
            let place = &mut info[at as usize..];
            self.forms
                .references
                .write(place, self.offsets[id.0 as usize]);
        }
        for (at, ty) in self.types {
            Expression::set_type(&mut info[at..], self.offsets[ty.0 as usize]);
        }
        self.out.entries = self.offsets;
        self.out
    }
}
