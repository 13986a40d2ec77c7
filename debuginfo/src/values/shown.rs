//! A value that is being shown.

use crate::units::Place;

/// A value's type and bytes, and how deep it is in what is shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'b> {
    pub ty: Place,
    pub bytes: &'b [u8],
    pub depth: usize,
}
