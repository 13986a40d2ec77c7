//! Ranges of addresses as sets.

use crate::budget::Budget;
use crate::source::{ReadDwarf, ReadUnit};
use gimli::Section as _;
use std::ops::Range;

/// The entries of lists that are read for a unit: for each byte of it, and beside these. Compilers give each entry a list of its own, of
/// a few ranges; where entries share one, or have parts of one, what there is to read is the product of their numbers.
const LISTED_OF_BYTE: usize = 16;
const LISTED_BESIDE: usize = 1 << 10;

/// The entries of lists that may still be read for a unit's entries. What is after them is as if it was not there.
pub(crate) struct ListRoom(Budget);

impl ListRoom {
    /// All of a unit's.
    pub fn of(unit: ReadUnit<'_, '_>) -> ListRoom {
        ListRoom::of_unit(unit, LISTED_BESIDE)
    }

    /// All of a unit's, with the list of its root: that of a skeleton (DWARF 5, section 3.1.2) is far longer than the unit.
    pub fn with_root(unit: ReadUnit<'_, '_>) -> ListRoom {
        ListRoom::of_unit(unit, LISTED_BESIDE.saturating_add(bytes(unit.dwarf)))
    }

    fn of_unit(unit: ReadUnit<'_, '_>, beside: usize) -> ListRoom {
        let bytes = unit.header.unit_length();
        ListRoom(Budget::of_bytes(bytes, LISTED_OF_BYTE, beside))
    }

    /// That of all roots, which each have a list of their own: as many entries as there can be in all lists.
    pub fn of_roots(dwarf: &ReadDwarf<'_>) -> ListRoom {
        ListRoom(Budget::of_bytes(bytes(dwarf), 1, LISTED_BESIDE))
    }

    /// For one list.
    pub fn one() -> ListRoom {
        ListRoom(Budget::unlimited())
    }

    /// Takes one; `None` where there are no more.
    pub fn take(&self) -> Option<()> {
        self.0.take(1)
    }

    /// The entries of a list, up to one that cannot be read.
    pub fn entries<T>(
        &self,
        mut next: impl FnMut() -> gimli::Result<Option<T>>,
    ) -> impl Iterator<Item = T> {
        std::iter::from_fn(move || {
            self.take()?;
            next().ok().flatten()
        })
    }
}

/// The bytes of all range lists.
fn bytes(dwarf: &ReadDwarf<'_>) -> usize {
    let lists = &dwarf.ranges;
    lists.debug_ranges().reader().len() + lists.debug_rnglists().reader().len()
}

/// Sorted, without overlaps and empty ones; those that touch are one.
pub(crate) fn merged<T: Ord + Copy>(mut ranges: Vec<Range<T>>) -> Vec<Range<T>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, before| {
        let touch = next.start <= before.end;
        if touch {
            before.end = before.end.max(next.end);
        }
        touch
    });
    ranges
}

/// The range from the beginning of the first to the end of the last; `None` where there are none.
pub(crate) fn extent<T: Ord + Copy>(ranges: &[Range<T>]) -> Option<Range<T>> {
    let start = ranges.iter().map(|range| range.start).min()?;
    let end = ranges.iter().map(|range| range.end).max()?;
    Some(start..end)
}

/// Returns the intersection of ranges with others; both are merged.
pub(crate) fn within<T: Ord + Copy>(ranges: &[Range<T>], others: &[Range<T>]) -> Vec<Range<T>> {
    let mut found = Vec::with_capacity(ranges.len());
    for range in ranges {
        let first = others.partition_point(|it| it.end <= range.start);
        let there = others[first..].iter().take_while(|it| it.start < range.end);
        found.extend(there.map(|it| range.start.max(it.start)..range.end.min(it.end)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{merged, within};

    #[test]
    fn what_overlaps_or_touches_is_one() {
        assert_eq!(merged(vec![5..7, 1..3, 3..4, 6..9, 8..8]), [1..4, 5..9]);
        assert_eq!(merged(vec![1..9, 2..3, 4..5]), [1..9]);
        assert_eq!(merged(vec![3..2, 4..4]), []);
    }

    #[test]
    fn what_is_in_both_is_left() {
        assert_eq!(within(&[1..4, 6..10], &[2..7, 9..12]), [2..4, 6..7, 9..10]);
        assert_eq!(within(&[1..10], &[2..3, 5..6]), [2..3, 5..6]);
        assert_eq!(within(&[1..2, 5..6], &[2..5]), []);
        assert_eq!(within::<u32>(&[1..2], &[]), []);
    }
}
