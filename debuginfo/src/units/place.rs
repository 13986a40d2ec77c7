//! Places of entries.

use gimli::UnitOffset;

/// An entry's place: its unit's number and its offset there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub unit: usize,
    pub offset: UnitOffset,
}
