//! Numbers by which entries refer to each other before they have offsets.

/// The number of an entry in its unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct UnitEntryId(pub u32);

/// An entry of any unit: the unit's number, and its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DebugInfoRef {
    pub unit: u32,
    pub entry: UnitEntryId,
}
