//! Values between core and component functions: those that are not in memory, and checks of addresses that are.

use super::error::Violation;
use crate::error::{Error, Result};

/// The core values of a call, in order. What is left of a wider value is its low bits.
#[derive(Clone)]
pub(super) struct Flat<'a>(pub std::slice::Iter<'a, u64>);

impl Flat<'_> {
    pub fn next(&mut self) -> Result<u64> {
        self.0
            .next()
            .copied()
            .ok_or_else(|| Violation::error("a core value is missing"))
    }

    pub fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.0.next();
        }
    }
}

/// Host memory that the values of one call may take: a guest can name the same bytes again and again in lists of lists.
pub(super) const MOST_HOST_MEMORY: usize = 128 << 20;

/// The same of values that are shown: nobody reads more.
pub(super) const MOST_SHOWN: usize = 1 << 20;

/// An address with the extent behind it, in a memory of this size.
pub(super) fn checked(at: u32, bytes: u64, align: u32, len: usize, what: &str) -> Result<usize> {
    if !at.is_multiple_of(align) {
        return Err(Violation::error(format!(
            "{what} pointer is not aligned: {at:#x}, and its alignment is {align}"
        )));
    }
    if u64::from(at) + bytes > len as u64 {
        return Err(Violation::error(format!(
            "{what} pointer/length out of bounds of memory: {bytes} bytes at {at:#x} of {len}"
        )));
    }
    Ok(at as usize)
}

/// An error of the host's: a value of another type.
pub(super) fn mismatch(expected: impl std::fmt::Display, found: &super::val::Val) -> Error {
    Error::Type(format!(
        "type mismatch: expected {expected}, found a value that is {}",
        found.kind()
    ))
}
