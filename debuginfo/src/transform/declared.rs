//! The declarations of functions, and the lines that they are at: what the instructions before a function's body belong to, as in native
//! line tables.

use crate::dies::Die;
use crate::source::{ReadUnit, StringRoom, entry_at};
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// As many entries as there can be for a function: an instance of a definition of a declaration.
const MOST: usize = 3;

/// A function's entry, and those that it completes or is an instance of.
pub(super) struct Declarations<'d> {
    /// Those of the unit, the function's own first.
    entries: Vec<Die<'d>>,
    /// The last, where it is in another unit: a method's declaration is in its class, which link-time optimisation may have there.
    foreign: Option<DebugInfoOffset>,
}

/// The place of a function's declaration, by the numbers of its unit's line table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DeclaredAt {
    pub file: u32,
    pub line: u32,
}

impl<'d> Declarations<'d> {
    /// Of the function that an entry describes the code of.
    pub(super) fn of(unit: ReadUnit<'_, 'd>, entry: &Die<'d>, room: &StringRoom) -> Self {
        let (mut entries, mut foreign) = (Vec::new(), None);
        let mut next = Some(entry.clone());
        while let Some(entry) = next.take().filter(|_| entries.len() < MOST) {
            let reference = [dw::DW_AT_abstract_origin, dw::DW_AT_specification].into_iter();
            let referred = reference.filter_map(|name| entry.attr_value(name)).next();
            match referred {
                Some(Read::UnitRef(offset)) => next = entry_at(unit, offset, room),
                Some(Read::DebugInfoRef(offset)) => foreign = Some(offset),
                _ => {}
            }
            entries.push(entry);
        }
        Declarations { entries, foreign }
    }

    /// The offsets of all.
    pub(super) fn offsets(&self, unit: ReadUnit<'_, 'd>) -> impl Iterator<Item = DebugInfoOffset> {
        let entries = self.entries.iter();
        let offsets = entries.filter_map(move |it| it.offset().to_debug_info_offset(&unit.header));
        offsets.chain(self.foreign)
    }

    /// The place that the first of the unit's has which says one.
    pub(super) fn place(&self, unit: ReadUnit<'_, 'd>) -> Option<DeclaredAt> {
        let version = unit.header.version();
        self.entries.iter().find_map(|entry| place(entry, version))
    }
}

fn place(entry: &Die<'_>, version: u16) -> Option<DeclaredAt> {
    let file = match entry.attr_value(dw::DW_AT_decl_file)? {
        // Up to DWARF 4, 0 is no file (section 2.14).
        Read::FileIndex(0) if version <= 4 => return None,
        Read::FileIndex(file) => u32::try_from(file).ok()?,
        _ => return None,
    };
    let line = entry.attr_value(dw::DW_AT_decl_line)?.udata_value()?;
    let line = u32::try_from(line).ok().filter(|line| *line != 0)?;
    Some(DeclaredAt { file, line })
}
