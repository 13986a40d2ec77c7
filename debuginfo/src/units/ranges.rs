//! The code of an entry.

use crate::address::WasmPc;
use crate::ranges::ListRoom;
use crate::source::{ReadUnit, Reader};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue};
use std::ops::Range;

/// The attributes for an entry's code (DWARF 5, section 2.17).
#[derive(Clone, Copy, Default)]
pub(super) struct RangeAttributes<'a> {
    low: Option<AttributeValue<Reader<'a>>>,
    high: Option<AttributeValue<Reader<'a>>>,
    list: Option<AttributeValue<Reader<'a>>>,
}

impl<'a> RangeAttributes<'a> {
    /// Takes note of an attribute, if it is one of them.
    pub fn note(&mut self, attr: &Attribute<Reader<'a>>) {
        match attr.name() {
            dw::DW_AT_low_pc => self.low = Some(attr.value()),
            dw::DW_AT_high_pc => self.high = Some(attr.value()),
            dw::DW_AT_ranges => self.list = Some(attr.value()),
            _ => {}
        }
    }

    /// The beginning of the unit's code, of its root entry: the base of range lists.
    pub fn base(&self, unit: ReadUnit<'_, 'a>) -> Option<u64> {
        unit.attr_address(self.low?).ok()?
    }

    /// Returns true if there are any, be it of code that a linker dropped.
    pub fn is_said(&self, unit: ReadUnit<'_, 'a>) -> bool {
        // The `wat` crate says where a unit begins by a number that is no address.
        self.list.is_some() || self.base(unit).is_some()
    }

    /// The ranges, without those of code that a linker dropped; what of a list can be read and there is room for.
    pub fn read(&self, unit: ReadUnit<'_, 'a>, room: &ListRoom) -> Vec<Range<WasmPc>> {
        let mut found = Vec::new();
        if let Some(list) = self.list {
            let Ok(Some(mut ranges)) = unit.attr_ranges(list) else {
                return found;
            };
            let ranges = room.entries(|| ranges.next());
            found.extend(ranges.filter_map(|range| code(range.begin, range.end)));
            return found;
        }
        let address = |value| unit.attr_address(value).ok().flatten();
        if let (Some(begin), Some(high)) = (self.low.and_then(address), self.high) {
            let end = match high {
                AttributeValue::Udata(len) => begin.checked_add(len),
                value => address(value),
            };
            found.extend(end.and_then(|end| code(begin, end)));
        }
        found
    }
}

/// A range of code; `None` where it is empty or of code that a linker dropped.
pub(super) fn code(begin: u64, end: u64) -> Option<Range<WasmPc>> {
    let start = WasmPc::from_dwarf(begin)?;
    let end = WasmPc(u32::try_from(end).unwrap_or(u32::MAX));
    (start < end).then_some(start..end)
}
