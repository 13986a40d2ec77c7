//! DWARF 5 on its way out. A [`Unit`] of native DWARF is a tree while it is made, as types are found in any order and are copied; when it
//! is whole it is [encoded](encode) in one pass, and the tree goes. [`sections`] puts the parts of all units together. Entries that stay
//! in the order in which they are read need no tree: [`stream`] encodes them one by one.
//!
//! gimli's writer keeps the trees of all units, each attribute 48 bytes, to the end.

mod bytes;
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
pub(crate) mod stream;
mod strings;
#[cfg(test)]
mod tests;
mod unit;
mod value;

pub(crate) use bytes::{entry_format, set_length, sleb, uleb};
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

/// An address, which is always known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Address {
    Constant(u64),
}
