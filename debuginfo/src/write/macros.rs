//! A unit's macros (DWARF 5, section 6.3.1).

use super::uleb;
use gimli::DwMacro;
use gimli::constants as dw;

/// The version, and that a line table is named, whose place follows: where it is here.
const HEADER: [u8; 7] = [5, 0, 0b10, 0, 0, 0, 0];
pub(super) const LINE_OFFSET: u32 = 3;

/// A table.
#[derive(Debug, Default)]
pub(crate) struct MacroTable {
    pub(super) bytes: Vec<u8>,
    /// The places in `bytes` of offsets into the input's `.debug_str`.
    pub(super) strings: Vec<u32>,
}

impl MacroTable {
    pub fn new() -> MacroTable {
        MacroTable {
            bytes: HEADER.to_vec(),
            strings: Vec::new(),
        }
    }

    pub fn start_file(&mut self, line: u64, file: u64) {
        self.bytes.push(dw::DW_MACRO_start_file.0);
        uleb(&mut self.bytes, line);
        uleb(&mut self.bytes, file);
    }

    pub fn end_file(&mut self) {
        self.bytes.push(dw::DW_MACRO_end_file.0);
    }

    /// A macro whose text is there, without a NUL.
    pub fn text(&mut self, operation: DwMacro, line: u64, text: &[u8]) {
        self.bytes.push(operation.0);
        uleb(&mut self.bytes, line);
        self.bytes.extend(text);
        self.bytes.push(0);
    }

    /// A macro whose text is at a place of the input's `.debug_str`.
    pub fn string(&mut self, operation: DwMacro, line: u64, place: u32) {
        self.bytes.push(operation.0);
        uleb(&mut self.bytes, line);
        self.strings.push(self.bytes.len() as u32);
        self.bytes.extend(place.to_le_bytes());
    }

    pub fn finish(&mut self) {
        self.bytes.push(0);
    }

    /// Its bytes, where its strings are those of the input.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Says in a table's bytes where its line table is.
    pub fn set_line(bytes: &mut [u8], line: u32) {
        let at = LINE_OFFSET as usize;
        bytes[at..at + 4].copy_from_slice(&line.to_le_bytes());
    }
}
