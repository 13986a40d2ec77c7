//! Single declarations of abbreviations (DWARF 5, section 7.5.3): root entries need no more of a table.

use super::reader::{ReadDwarf, Reader};
use gimli::constants as dw;
use gimli::read::{Abbreviations, DebugAbbrev, UnitHeader};
use gimli::{DebugAbbrevOffset, LittleEndian, Section as _};

/// The first declaration of a unit's abbreviations, alone: compilers declare the root's first.
pub(crate) fn root_abbreviation(
    dwarf: &ReadDwarf<'_>,
    header: &UnitHeader<Reader<'_>>,
) -> Option<Abbreviations> {
    let section = dwarf.debug_abbrev.reader().slice();
    let table = section.get(header.debug_abbrev_offset().0..)?;
    let mut table = table.get(..declaration_len(table)?)?.to_vec();
    // The end of the table (DWARF 5, section 7.5.3).
    table.push(0);
    DebugAbbrev::new(&table, LittleEndian)
        .abbreviations(DebugAbbrevOffset(0))
        .ok()
}

/// The length of a declaration: code, tag, children flag, and pairs up to one of zeros.
pub(crate) fn declaration_len(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(bytes, LittleEndian);
    gimli::Reader::read_uleb128(&mut reader).ok()?;
    gimli::Reader::read_uleb128(&mut reader).ok()?;
    gimli::Reader::read_u8(&mut reader).ok()?;
    loop {
        let name = gimli::Reader::read_uleb128(&mut reader).ok()?;
        let form = gimli::Reader::read_uleb128(&mut reader).ok()?;
        if form == u64::from(dw::DW_FORM_implicit_const.0) {
            gimli::Reader::read_sleb128(&mut reader).ok()?;
        }
        if (name, form) == (0, 0) {
            return Some(bytes.len() - reader.slice().len());
        }
    }
}
