//! A unit's tree → bytes, in one pass. References are filled in when all entries have their places.

use super::unit::Entry;
use super::{Address, AttributeValue, DebugInfoRef, Expression, Unit, UnitEntryId};
use super::{set_length, sleb, uleb};
use gimli::{DwForm, constants as dw};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A unit's part of each section, and what in it depends on the other units.
#[derive(Default, Debug)]
pub(crate) struct Encoded<'d> {
    pub info: Vec<u8>,
    pub abbrev: Vec<u8>,
    pub line: Vec<u8>,
    pub rnglists: Vec<u8>,
    pub loclists: Vec<u8>,
    /// Where `info` has offsets of the input's `.debug_str`.
    pub strings: Vec<u32>,
    /// Where `info` has offsets in `rnglists`, and in `loclists`.
    pub range_lists: Vec<u32>,
    pub location_lists: Vec<u32>,
    /// Where `info` refers to `line`.
    pub line_program: Option<u32>,
    /// Where `info` refers to entries of other units.
    pub foreign: Vec<(u32, DebugInfoRef)>,
    /// Where in `info` the entries are, by number: for references from other units.
    pub entries: Vec<u32>,
    /// Where `line` refers to strings, and which.
    pub line_strings: Vec<(u32, &'d [u8])>,
}

/// Bytes of a unit's header, and where in it the offset of its abbreviations is (DWARF 5, section 7.5.1.1).
const HEADER: [u8; 12] = [0, 0, 0, 0, 5, 0, dw::DW_UT_compile.0, 8, 0, 0, 0, 0];
pub(super) const ABBREV_OFFSET: usize = 8;

/// Encodes a unit.
pub(crate) fn encode<'d>(mut unit: Unit) -> Encoded<'d> {
    let ranges = std::mem::take(&mut unit.ranges.0);
    let locations = std::mem::take(&mut unit.locations.0);
    let mut encoder = Encoder {
        unit: &unit,
        out: Encoded {
            info: HEADER.to_vec(),
            ..Encoded::default()
        },
        codes: HashMap::default(),
        abbreviation: Vec::new(),
        offsets: vec![0; unit.count()],
        references: Vec::new(),
        types: Vec::new(),
    };
    encoder.entries();
    let mut out = encoder.finish();
    out.rnglists = ranges.bytes;
    out.loclists = locations.bytes;
    for (at, ty) in locations.types {
        Expression::set_type(&mut out.loclists[at..], out.entries[ty.0 as usize]);
    }
    out
}

/// FNV-1a: abbreviations are short, and there are few.
#[derive(Clone)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

struct Encoder<'u, 'd> {
    unit: &'u Unit,
    out: Encoded<'d>,
    /// Abbreviations as they are written, without their codes.
    codes: HashMap<Vec<u8>, u64, BuildHasherDefault<Fnv>>,
    /// That of the entry being written.
    abbreviation: Vec<u8>,
    /// Where the entries are, by number.
    offsets: Vec<u32>,
    /// Where other entries are referred to, and which.
    references: Vec<(u32, UnitEntryId)>,
    types: Vec<(usize, UnitEntryId)>,
}

impl<'u, 'd> Encoder<'u, 'd> {
    /// All entries, in their tree's order; without recursion, as the input's depth has no limit.
    fn entries(&mut self) {
        let unit = self.unit;
        let mut open = vec![self.entry(unit.root())];
        while let Some(children) = open.last_mut() {
            match children.next() {
                Some(child) => {
                    let children = self.entry(*child);
                    if children.len() > 0 {
                        open.push(children);
                    }
                }
                None => {
                    open.pop();
                    self.out.info.push(0);
                }
            }
        }
        // The root has a list of children in any case.
    }

    /// One entry; its children are to follow.
    fn entry(&mut self, id: UnitEntryId) -> std::slice::Iter<'u, UnitEntryId> {
        let entry = self.unit.get(id);
        self.offsets[id.0 as usize] = self.out.info.len() as u32;
        let has_children = entry.children().len() > 0 || id == self.unit.root();
        let code = self.code(entry, has_children);
        uleb(&mut self.out.info, code);
        for attr in entry.attrs() {
            if self.leads_somewhere(attr.get()) {
                self.value(attr.get());
            }
        }
        entry.children()
    }

    /// The code of an entry's abbreviation (DWARF 5, section 7.5.3).
    fn code(&mut self, entry: &Entry, has_children: bool) -> u64 {
        let mut abbreviation = std::mem::take(&mut self.abbreviation);
        abbreviation.clear();
        uleb(&mut abbreviation, entry.tag().0.into());
        abbreviation.push(u8::from(has_children));
        for attr in entry.attrs() {
            if !self.leads_somewhere(attr.get()) {
                continue;
            }
            uleb(&mut abbreviation, attr.name().0.into());
            uleb(&mut abbreviation, form(attr.get()).0.into());
            if let AttributeValue::ImplicitConst(value) = attr.get() {
                sleb(&mut abbreviation, *value);
            }
        }
        let code = match self.codes.get(&abbreviation) {
            Some(code) => *code,
            None => {
                let code = self.codes.len() as u64 + 1;
                uleb(&mut self.out.abbrev, code);
                self.out.abbrev.extend(&abbreviation);
                self.out.abbrev.extend([0, 0]);
                self.codes.insert(abbreviation.clone(), code);
                code
            }
        };
        self.abbreviation = abbreviation;
        code
    }

    /// Whether an attribute can be written: a reference to an entry that was never made cannot.
    fn leads_somewhere(&self, value: &AttributeValue) -> bool {
        match value {
            AttributeValue::UnitRef(id) => {
                (id.0 as usize) < self.unit.count() && self.unit.get(*id).tag() != dw::DW_TAG_null
            }
            _ => true,
        }
    }

    fn value(&mut self, value: &AttributeValue) {
        let out = &mut self.out;
        let here = out.info.len() as u32;
        let offset = |info: &mut Vec<u8>, value: u32| info.extend(value.to_le_bytes());
        match value {
            AttributeValue::Address(Address::Constant(address)) => {
                out.info.extend(address.to_le_bytes());
            }
            AttributeValue::Block(bytes) => {
                uleb(&mut out.info, bytes.len() as u64);
                out.info.extend(bytes);
            }
            AttributeValue::Data1(value) => out.info.push(*value),
            AttributeValue::Data2(value) => out.info.extend(value.to_le_bytes()),
            AttributeValue::Data4(value) => out.info.extend(value.to_le_bytes()),
            AttributeValue::Data8(value) => out.info.extend(value.to_le_bytes()),
            AttributeValue::Data16(value) => out.info.extend(value.to_le_bytes()),
            AttributeValue::Sdata(value) => sleb(&mut out.info, *value),
            AttributeValue::Udata(value) => uleb(&mut out.info, *value),
            AttributeValue::Encoding(value) => uleb(&mut out.info, value.0.into()),
            AttributeValue::CallingConvention(value) => uleb(&mut out.info, value.0.into()),
            AttributeValue::ImplicitConst(_) | AttributeValue::Flag(true) => {}
            AttributeValue::Flag(false) => out.info.push(0),
            AttributeValue::Exprloc(expression) => {
                uleb(&mut out.info, expression.bytes().len() as u64);
                let types = &mut self.types;
                expression.write(&mut out.info, &mut |at, ty| types.push((at, ty)));
            }
            AttributeValue::UnitRef(id) => {
                self.references.push((here, *id));
                offset(&mut out.info, 0);
            }
            AttributeValue::DebugInfoRef(target) => {
                out.foreign.push((here, *target));
                offset(&mut out.info, 0);
            }
            AttributeValue::LineProgramRef => {
                out.line_program = Some(here);
                offset(&mut out.info, 0);
            }
            AttributeValue::LocationListRef(list) => {
                out.location_lists.push(here);
                offset(&mut out.info, *list);
            }
            AttributeValue::RangeListRef(list) => {
                out.range_lists.push(here);
                offset(&mut out.info, *list);
            }
            AttributeValue::StringRef(string) => {
                out.strings.push(here);
                offset(&mut out.info, *string);
            }
            AttributeValue::String(string) => {
                out.info.extend(string);
                out.info.push(0);
            }
        }
    }

    /// Closes the unit and fills in what refers to its own entries.
    fn finish(mut self) -> Encoded<'d> {
        self.out.abbrev.push(0);
        let info = &mut self.out.info;
        set_length(info, 0);
        for (at, id) in self.references {
            let at = at as usize;
            info[at..at + 4].copy_from_slice(&self.offsets[id.0 as usize].to_le_bytes());
        }
        for (at, ty) in self.types {
            Expression::set_type(&mut info[at..], self.offsets[ty.0 as usize]);
        }
        self.out.entries = self.offsets;
        self.out
    }
}

/// How an attribute is encoded (DWARF 5, section 7.5.6).
fn form(value: &AttributeValue) -> DwForm {
    match value {
        AttributeValue::Address(_) => dw::DW_FORM_addr,
        AttributeValue::Block(_) => dw::DW_FORM_block,
        AttributeValue::Data1(_) => dw::DW_FORM_data1,
        AttributeValue::Data2(_) => dw::DW_FORM_data2,
        AttributeValue::Data4(_) => dw::DW_FORM_data4,
        AttributeValue::Data8(_) => dw::DW_FORM_data8,
        AttributeValue::Data16(_) => dw::DW_FORM_data16,
        AttributeValue::Sdata(_) => dw::DW_FORM_sdata,
        AttributeValue::Udata(_)
        | AttributeValue::Encoding(_)
        | AttributeValue::CallingConvention(_) => dw::DW_FORM_udata,
        AttributeValue::ImplicitConst(_) => dw::DW_FORM_implicit_const,
        AttributeValue::Exprloc(_) => dw::DW_FORM_exprloc,
        AttributeValue::Flag(true) => dw::DW_FORM_flag_present,
        AttributeValue::Flag(false) => dw::DW_FORM_flag,
        AttributeValue::UnitRef(_) => dw::DW_FORM_ref4,
        AttributeValue::DebugInfoRef(_) => dw::DW_FORM_ref_addr,
        AttributeValue::LineProgramRef
        | AttributeValue::LocationListRef(_)
        | AttributeValue::RangeListRef(_) => dw::DW_FORM_sec_offset,
        AttributeValue::StringRef(_) => dw::DW_FORM_strp,
        AttributeValue::String(_) => dw::DW_FORM_string,
    }
}
