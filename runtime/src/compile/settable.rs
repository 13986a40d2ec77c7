//! Locals that a debugger may write to, and where: as locations of variables name them, and nowhere else. Code reads a home again only
//! behind a place where that may have happened.

use super::env::Wanted;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::EVERYWHERE;
use std::ops::{Range, RangeInclusive};

/// The locals of one function.
pub(super) enum Settable {
    /// Each of them, anywhere.
    All,
    /// These, in these ranges: sorted, those of one local disjoint.
    Some(Vec<(u32, Range<WasmPc>)>),
}

impl Settable {
    /// Of a function's locals with homes.
    pub(super) fn new(wanted: Wanted<'_>) -> Settable {
        let variables = match wanted {
            Wanted::All => return Settable::All,
            Wanted::None => &[],
            Wanted::Some { variables, .. } => variables,
        };
        let ranges = variables.iter().map(|it| (it.local, it.from..it.until));
        let mut ranges: Vec<_> = ranges.collect();
        // One body may be described at its beginning and at that of its size.
        ranges.sort_unstable_by_key(|(local, at)| (*local, at.start));
        ranges.dedup_by(|(local, at), (before, until)| {
            let is_one = local == before && at.start <= until.end;
            if is_one {
                until.end = until.end.max(at.end);
            }
            is_one
        });
        Settable::Some(ranges)
    }

    /// Locals that are named in ranges, with those; not those that are named everywhere.
    pub(super) fn in_ranges(&self) -> impl Iterator<Item = (u32, Vec<Range<WasmPc>>)> {
        let ranges = match self {
            Settable::All => &[],
            Settable::Some(ranges) => &ranges[..],
        };
        let locals = ranges.chunk_by(|(a, _), (b, _)| a == b);
        locals
            .filter(|of_one| !of_one.iter().any(|(_, range)| *range == EVERYWHERE))
            .map(|of_one| {
                let ranges = of_one.iter().map(|(_, range)| range.clone());
                (of_one[0].0, ranges.collect())
            })
    }

    /// Returns true if a local may be written to somewhere.
    pub(super) fn contains(&self, local: u32) -> bool {
        self.may_change(local, WasmPc(0)..=WasmPc(u32::MAX))
    }

    /// Returns true if a local may be written to while control is at one of these addresses.
    pub(super) fn may_change(&self, local: u32, at: RangeInclusive<WasmPc>) -> bool {
        let Settable::Some(ranges) = self else {
            return true;
        };
        // The first that ends behind the beginning.
        let first = ranges
            .partition_point(|(it, range)| *it < local || *it == local && range.end <= *at.start());
        let found = ranges.get(first).filter(|(it, _)| *it == local);
        found.is_some_and(|(_, range)| range.start <= *at.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dwalin_debuginfo::code::NamedLocal;

    #[test]
    fn a_local_may_change_where_a_location_names_it() {
        let named = |function, local, from, until| NamedLocal {
            function: WasmPc(function),
            local,
            from: WasmPc(from),
            until: WasmPc(until),
        };
        let variables = [
            named(9, 1, 20, 30),
            named(10, 1, 25, 40),
            named(10, 1, 50, 60),
            named(10, 3, 0, u32::MAX),
        ];
        let settable = Settable::new(Wanted::Some {
            locals: &[],
            variables: &variables,
            frame_bases: &[],
        });
        let within = |local, from, until| settable.may_change(local, WasmPc(from)..=WasmPc(until));
        assert!([1, 3].into_iter().all(|local| settable.contains(local)));
        assert!(!settable.contains(0) && !settable.contains(2));
        // The end is no place in the range, and where a statement begins is.
        assert!(within(1, 10, 20) && within(1, 39, 45) && within(1, 45, 70));
        assert!(!within(1, 10, 19) && !within(1, 40, 49) && !within(1, 60, 99));
        assert!(within(3, 12, 12) && !within(2, 0, 99));
        assert!(Settable::new(Wanted::All).contains(7));
        assert!(!Settable::new(Wanted::None).contains(7));
    }
}
