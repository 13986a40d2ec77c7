//! Offsets of a module and the places in the source that they come from.

/// From an offset on, up to the next mapping, code comes from a place in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// Bytes from the start of the module's file.
    pub offset: u32,
    /// The place; `None` where code comes from nowhere.
    pub place: Option<Place>,
    /// The number of the name that the source has for what is there.
    pub name: Option<u32>,
}

/// A place in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The source's number.
    pub source: u32,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}
