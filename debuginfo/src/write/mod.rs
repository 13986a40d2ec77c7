//! Native DWARF 5 on its way out. A [`Unit`] is a tree while it is made, as types are found in any order and are copied; when it
//! is whole it is [encoded](encode) in one pass, and the tree goes. [`sections`] puts the parts of all units together.
//!
//! gimli's writer keeps the trees of all units, each attribute 48 bytes, to the end.

mod debug_names;
mod encode;
mod expression;
mod form;
mod line;
mod lists;
mod macros;
mod names;
mod reference;
mod sections;
mod strings;
#[cfg(test)]
mod tests;
mod unit;
mod value;

pub(crate) use encode::{Encoded, encode};
pub(crate) use expression::{Expression, Named};
pub(crate) use line::{LineProgram, LineRow};
pub(crate) use lists::{Location, LocationList, Range, RangeList};
pub(crate) use macros::MacroTable;
pub(crate) use reference::{DebugInfoRef, UnitEntryId};
pub(crate) use sections::{Section, assemble};
pub(crate) use strings::Strings;
pub(crate) use unit::Unit;
pub(crate) use value::{AttributeValue, Value};

use gimli::leb128::write::Leb128;

/// An address, which is always known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Address {
    Constant(u64),
}

/// An unsigned number in LEB128 (DWARF 5, section 7.6).
pub(crate) fn uleb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A signed number in LEB128.
pub(crate) fn sleb(out: &mut Vec<u8>, value: i64) {
    out.extend(Leb128::signed(value).bytes());
}

/// The length field of what begins at `start` and ends with the section: it does not count itself.
pub(crate) fn set_length(section: &mut [u8], start: usize) {
    let length = (section.len() - start - 4) as u32;
    section[start..start + 4].copy_from_slice(&length.to_le_bytes());
}
