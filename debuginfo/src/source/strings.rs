//! Strings of attributes. Entries may share a string that is as long as the input, or have parts of one: looking for its end, and copying
//! it, must cost little.

use super::reader::{ReadUnit, Reader};
use crate::budget::Budget;
use gimli::read::{AttributeValue, DebuggingInformationEntry};
use gimli::{LittleEndian, Section as _, UnitOffset};
use std::ffi::CStr;

/// The string that an attribute is. gimli's looks at one byte after the other.
pub(crate) fn attr_string<'d>(
    unit: ReadUnit<'_, 'd>,
    value: AttributeValue<Reader<'d>>,
) -> gimli::Result<Reader<'d>> {
    let strings = unit.dwarf.debug_str.reader();
    let (strings, from) = match value {
        AttributeValue::DebugStrRef(offset) => (strings, offset.0),
        AttributeValue::DebugStrOffsetsIndex(index) => (strings, unit.string_offset(index)?.0),
        AttributeValue::DebugLineStrRef(offset) => (unit.dwarf.debug_line_str.reader(), offset.0),
        value => return unit.attr_string(value),
    };
    let rest = strings.slice().get(from..);
    let string = rest.and_then(|rest| CStr::from_bytes_until_nul(rest).ok());
    let string = string.ok_or(gimli::Error::UnexpectedEof(gimli::ReaderOffsetId(0)))?;
    Ok(Reader::new(string.to_bytes(), LittleEndian))
}

/// Returns the entry at an offset, which others refer to: `None` as well where such entries have more in long strings than there is room
/// for, which each reading goes through.
pub(crate) fn entry_at<'d>(
    unit: ReadUnit<'_, 'd>,
    offset: UnitOffset,
    room: &StringRoom,
) -> Option<DebuggingInformationEntry<Reader<'d>>> {
    const LONG: usize = 512;
    if room.0.is_exhausted() {
        return None;
    }
    let entry = unit.entry(offset).ok()?;
    let strings = entry.attrs().iter().map(|attr| match attr.value() {
        AttributeValue::String(string) => string.len(),
        _ => 0,
    });
    let long: usize = strings.filter(|len| *len > LONG).sum();
    room.0.spend(long);
    Some(entry)
}

/// The bytes of strings that may be copied, or read once more, for a unit: for each of its own, and beside these.
const COPIED_OF_BYTE: usize = 16;
const COPIED_BESIDE: usize = 1 << 13;

/// The bytes of strings that may still be copied or read for a unit's entries.
pub(crate) struct StringRoom(Budget);

impl StringRoom {
    /// All of a unit's.
    pub fn of(unit: ReadUnit<'_, '_>) -> StringRoom {
        StringRoom::of_bytes(unit.header.unit_length())
    }

    /// The strings of all entries that so many bytes are of.
    pub fn of_bytes(bytes: usize) -> StringRoom {
        StringRoom(Budget::of_bytes(bytes, COPIED_OF_BYTE, COPIED_BESIDE))
    }

    /// Takes what a string needs; `None` where there is not as much.
    pub fn take(&self, string: &[u8]) -> Option<()> {
        self.0.take(string.len())
    }
}
