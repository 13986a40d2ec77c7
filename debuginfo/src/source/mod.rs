//! The DWARF of a module as found: custom sections, borrowed.

pub(crate) mod abbreviation;
mod bound;
mod reader;
mod strings;

pub(crate) use reader::{ReadDwarf, ReadUnit, Reader};
pub(crate) use strings::{StringRoom, attr_string, entry_at};

use gimli::read::UnitHeader;
use gimli::{EndianSlice, LittleEndian, Section as _, SectionId};
use std::collections::BTreeMap;
use std::fmt;

/// The debug sections of a module.
#[derive(Clone, Default, Debug)]
pub struct WasmDwarf<'a> {
    sections: Vec<(&'a str, &'a [u8])>,
}

impl<'a> WasmDwarf<'a> {
    /// Takes the debug sections among custom sections.
    pub fn new(sections: impl Iterator<Item = (&'a str, &'a [u8])>) -> WasmDwarf<'a> {
        WasmDwarf {
            sections: sections
                .filter(|(name, _)| name.starts_with(".debug_"))
                .collect(),
        }
    }

    /// Returns true if there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.section(SectionId::DebugInfo).is_empty()
    }

    /// Bytes of all sections.
    pub(crate) fn len(&self) -> usize {
        self.sections.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// A section's contents, empty where it is missing.
    pub(crate) fn section(&self, id: SectionId) -> &'a [u8] {
        self.named(id.name()).unwrap_or(&[])
    }

    /// A section's contents, by its name.
    pub(crate) fn named(&self, name: &str) -> Option<&'a [u8]> {
        self.sections
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, bytes)| *bytes)
    }

    /// All sections, by name.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.sections.iter().copied()
    }

    /// For gimli to read.
    pub(crate) fn read(&self) -> ReadDwarf<'a> {
        let load = |id| {
            Ok::<_, std::convert::Infallible>(EndianSlice::new(self.section(id), LittleEndian))
        };
        let Ok(mut dwarf) = gimli::read::Dwarf::load(load);
        bound::bound(&mut dwarf);
        dwarf
    }

    /// Returns true if what was read of it leaves units out, whose line tables or ranges are too many.
    fn is_cut(&self, read: &ReadDwarf<'_>) -> bool {
        read.debug_info.reader().len() < self.section(SectionId::DebugInfo).len()
    }

    /// Warns of units that are left out.
    pub(crate) fn warn_of_cut(&self, read: &ReadDwarf<'_>, warnings: &mut Warnings) {
        if self.is_cut(read) {
            let what = "the units from here on are not read: they and those before name the same line tables or ranges";
            warnings.add(what, read.debug_info.reader().len());
        }
    }
}

/// The headers of all units, up to one that cannot be passed.
pub(crate) fn headers<'d>(
    read: &ReadDwarf<'d>,
    warnings: &mut Warnings,
) -> Vec<UnitHeader<Reader<'d>>> {
    let mut units = read.units();
    let mut headers = Vec::new();
    loop {
        match units.next() {
            Ok(Some(header)) => headers.push(header),
            Ok(None) => return headers,
            Err(error) => {
                warnings.add(format!("the units from here on cannot be read: {error}"), 0);
                return headers;
            }
        }
    }
}

/// A part of a module's debug info that could not be used: one for each reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// The part, and the reason.
    pub what: String,
    /// Bytes from the start of `.debug_info` to the first such entry or unit.
    pub offset: usize,
    /// The number of entries concerned.
    pub count: usize,
    /// The offsets of all of them, if they are entries.
    pub offsets: Vec<usize>,
    /// True if the input is at fault, or we cannot express what it says.
    pub kind: WarningKind,
}

/// Whose fault it is that something could not be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WarningKind {
    /// The debug info is damaged: its author should know.
    Damaged,
    /// A file with debug info is not there, is of another build or cannot be read.
    Missing,
    /// A variable or a place is not shown that the debug info describes.
    Lost,
}

impl Warning {
    /// The text after the colon: the reason.
    pub(crate) fn reason(&self) -> &str {
        self.what.split_once(": ").map_or(&*self.what, |(_, it)| it)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "debug info: {}", self.what)?;
        match (self.kind, self.count - 1) {
            (WarningKind::Missing, 0) => Ok(()),
            (WarningKind::Missing, more) => write!(f, " (and {more} more)"),
            (_, 0) => write!(f, " (.debug_info+{:#x})", self.offset),
            (_, more) => write!(f, " (.debug_info+{:#x} and {more} more)", self.offset),
        }
    }
}

/// Warnings by reason, each counted.
#[derive(Default, Debug)]
pub(crate) struct Warnings(BTreeMap<(WarningKind, String), Seen>);

/// The entries with a reason for a warning.
#[derive(Default, Debug)]
struct Seen {
    first: usize,
    count: usize,
    offsets: Vec<usize>,
}

impl Warnings {
    /// Notes that something at an offset of `.debug_info` is damaged.
    pub fn add(&mut self, what: impl Into<String>, offset: usize) {
        self.entry(WarningKind::Damaged, what.into(), offset);
    }

    /// Notes that something at an offset of `.debug_info` cannot be shown.
    pub fn lost(&mut self, what: impl Into<String>, offset: usize) {
        self.entry(WarningKind::Lost, what.into(), offset);
    }

    fn entry(&mut self, kind: WarningKind, what: String, offset: usize) {
        let seen = self.seen(kind, what, offset);
        seen.count += 1;
        // A list is noted for each of its parts.
        if seen.offsets.last() != Some(&offset) {
            seen.offsets.push(offset);
        }
    }

    /// Notes something that concerns `count` units, the first at an offset of `.debug_info`.
    pub fn other(
        &mut self,
        kind: WarningKind,
        what: impl Into<String>,
        offset: usize,
        count: usize,
    ) {
        self.seen(kind, what.into(), offset).count += count;
    }

    fn seen(&mut self, kind: WarningKind, what: String, offset: usize) -> &mut Seen {
        self.0.entry((kind, what)).or_insert(Seen {
            first: offset,
            ..Seen::default()
        })
    }

    /// Adds those of a part that comes after what these are about.
    pub fn extend(&mut self, more: Warnings) {
        for ((kind, what), more) in more.0 {
            let seen = self.seen(kind, what, more.first);
            seen.count += more.count;
            seen.offsets.extend(more.offsets);
        }
    }

    /// One warning for each reason.
    pub fn finish(self) -> Vec<Warning> {
        self.0
            .into_iter()
            .map(|((kind, what), seen)| Warning {
                what,
                offset: seen.first,
                count: seen.count,
                offsets: seen.offsets,
                kind,
            })
            .collect()
    }
}
