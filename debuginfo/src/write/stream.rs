//! Entries that are encoded one by one, in the order in which they are read: units, their abbreviations and lists, of addresses of any size.
//! References, which name entries of the input, are filled in when all places are known.

use super::bytes::{ABBREV_OFFSET, list_header, set_uleb, unit_header};
use super::{set_length, sleb, uleb};
use gimli::constants as dw;
use gimli::{DwAt, DwForm, DwTag};
use std::collections::HashMap;

/// Bytes of a reference in LEB128.
const LEB: usize = 5;

/// The target of a reference, in terms of the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// An entry of the unit: which of the units that it is made of, and the offset there.
    Entry(usize, usize),
    /// The same of an entry that is a type, or the declaration of one that is elsewhere in the unit.
    TypeEntry(usize, usize),
    /// The type with a signature, in this unit.
    Type(u64),
    /// An entry of any unit: the file it is in, and its offset in the debug info there.
    Info(usize, usize),
    /// The unit's line table.
    LineTable,
}

/// The section that a reference is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Section {
    Info,
    Loclists,
}

/// Bytes to be filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixup {
    pub section: Section,
    /// Their offset in the section.
    pub position: usize,
    /// Five bytes of LEB128, or four.
    pub leb: bool,
    pub target: Target,
}

/// Bytes with references in them, which count from the start of the bytes.
#[derive(Default, Debug)]
pub(crate) struct Encoded {
    pub bytes: Vec<u8>,
    pub references: Vec<(usize, bool, Target)>,
}

impl Encoded {
    /// A number in LEB128.
    pub fn uleb(&mut self, value: u64) {
        uleb(&mut self.bytes, value);
    }

    /// A signed number in LEB128.
    pub fn sleb(&mut self, value: i64) {
        sleb(&mut self.bytes, value);
    }

    /// A number of 4 bytes.
    pub fn word(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// An address of a unit's size.
    pub fn address(&mut self, value: u64, size: u8) {
        let size = usize::from(size.min(8));
        self.bytes.extend(&value.to_le_bytes()[..size]);
    }

    /// Bytes after their number.
    pub fn block(&mut self, bytes: &[u8]) {
        self.uleb(bytes.len() as u64);
        self.bytes.extend(bytes);
    }

    /// A reference of four bytes.
    pub fn reference(&mut self, target: Target) {
        self.references.push((self.bytes.len(), false, target));
        self.word(0);
    }

    /// A reference of five bytes of LEB128.
    pub fn reference_leb(&mut self, target: Target) {
        self.references.push((self.bytes.len(), true, target));
        self.bytes.extend([0; LEB]);
    }

    /// Appends another's bytes.
    pub fn append(&mut self, other: Encoded) {
        let base = self.bytes.len();
        self.bytes.extend(other.bytes);
        let moved = other
            .references
            .into_iter()
            .map(|(position, leb, target)| (base + position, leb, target));
        self.references.extend(moved);
    }
}

/// One entry on its way out.
#[derive(Default, Debug)]
pub(crate) struct Entry {
    /// Names and forms, as an abbreviation has them.
    specs: Vec<u8>,
    pub values: Encoded,
}

impl Entry {
    /// Declares the attribute whose value is encoded next.
    pub fn attribute(&mut self, name: DwAt, form: DwForm) {
        for number in [u64::from(name.0), u64::from(form.0)] {
            uleb(&mut self.specs, number);
        }
    }
}

/// The sections on their way out.
#[derive(Default, Debug)]
pub(crate) struct Out {
    pub info: Vec<u8>,
    pub abbrev: Vec<u8>,
    pub loclists: Vec<u8>,
    pub rnglists: Vec<u8>,
    /// Of the unit, by its encoded form.
    codes: HashMap<Vec<u8>, u64>,
    pub fixups: Vec<Fixup>,
}

/// The start of a unit's parts, to close them at its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub info: usize,
    loclists: usize,
    rnglists: usize,
}

impl Out {
    /// Begins a unit (DWARF 5, sections 7.5.1.1, 7.28 and 7.29).
    pub fn begin_unit(&mut self, partial: bool, address_size: u8) -> Start {
        let start = Start {
            info: self.info.len(),
            loclists: self.loclists.len(),
            rnglists: self.rnglists.len(),
        };
        let kind = if partial {
            dw::DW_UT_partial
        } else {
            dw::DW_UT_compile
        };
        self.info.extend(unit_header(kind, address_size));
        let abbreviations = (self.abbrev.len() as u32).to_le_bytes();
        self.info[start.info + ABBREV_OFFSET..].copy_from_slice(&abbreviations);
        self.codes.clear();
        for lists in [&mut self.loclists, &mut self.rnglists] {
            lists.extend(list_header(address_size));
        }
        start
    }

    /// Adds an entry, and returns its offset.
    pub fn entry(&mut self, tag: DwTag, has_children: bool, entry: Entry) -> usize {
        let position = self.info.len();
        let mut abbreviation = Encoded::default();
        abbreviation.uleb(u64::from(tag.0));
        abbreviation.bytes.push(u8::from(has_children));
        abbreviation.bytes.extend(entry.specs);
        let next = self.codes.len() as u64 + 1;
        let code = match self.codes.get(&abbreviation.bytes) {
            Some(code) => *code,
            None => {
                let mut numbered = Encoded::default();
                numbered.uleb(next);
                numbered.bytes.extend(&abbreviation.bytes);
                numbered.bytes.extend([0, 0]);
                self.abbrev.extend(numbered.bytes);
                self.codes.insert(abbreviation.bytes, next);
                next
            }
        };
        uleb(&mut self.info, code);
        let base = self.info.len();
        self.info.extend(entry.values.bytes);
        self.fix(Section::Info, base, entry.values.references);
        position
    }

    /// Adds a location list, and returns its offset.
    pub fn location_list(&mut self, list: Encoded) -> u32 {
        let base = self.loclists.len();
        self.loclists.extend(list.bytes);
        self.fix(Section::Loclists, base, list.references);
        base as u32
    }

    /// Adds a range list, and returns its offset.
    pub fn range_list(&mut self, list: &[u8]) -> u32 {
        let base = self.rnglists.len() as u32;
        self.rnglists.extend(list);
        base
    }

    fn fix(&mut self, section: Section, base: usize, references: Vec<(usize, bool, Target)>) {
        let fixups = references.into_iter().map(|(position, leb, target)| Fixup {
            section,
            position: base + position,
            leb,
            target,
        });
        self.fixups.extend(fixups);
    }

    /// Ends a unit: its length, and those of its lists, which go where there are none.
    pub fn end_unit(&mut self, start: Start) {
        // The end of its abbreviations.
        self.abbrev.push(0);
        set_length(&mut self.info, start.info);
        for (lists, from) in [
            (&mut self.loclists, start.loclists),
            (&mut self.rnglists, start.rnglists),
        ] {
            if lists.len() == from + list_header(0).len() {
                lists.truncate(from);
            } else {
                set_length(lists, from);
            }
        }
    }

    /// Fills a reference in.
    pub fn patch(&mut self, fixup: &Fixup, value: u32) {
        let bytes = match fixup.section {
            Section::Info => &mut self.info,
            Section::Loclists => &mut self.loclists,
        };
        let place = &mut bytes[fixup.position..];
        if fixup.leb {
            set_uleb(&mut place[..LEB], value);
        } else {
            place[..4].copy_from_slice(&value.to_le_bytes());
        }
    }
}
