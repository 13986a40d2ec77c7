//! gimli's readers of a module's DWARF, whose sections are borrowed.

use gimli::{EndianSlice, LittleEndian};

/// The reader of all sections.
pub(crate) type Reader<'a> = EndianSlice<'a, LittleEndian>;
/// A module's DWARF, for gimli.
pub(crate) type ReadDwarf<'a> = gimli::read::Dwarf<Reader<'a>>;
/// One of its units.
pub(crate) type ReadUnit<'a, 'd> = gimli::read::UnitRef<'a, Reader<'d>>;
