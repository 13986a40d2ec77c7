//! Ranges of addresses as sets.

use std::ops::Range;

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
