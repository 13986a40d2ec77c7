//! The times that a program gets to a place, by the ways that lead there.

use std::collections::BTreeMap;

/// The origin of a visit: a jump, by its index, or the instruction before the place.
type Way = Option<usize>;

/// The times at one place, and what is to be seen there.
pub struct Arrivals<T> {
    ways: BTreeMap<Way, usize>,
    /// The first times of each way, in their order.
    seen: Vec<(Way, T)>,
}

impl<T> Default for Arrivals<T> {
    fn default() -> Arrivals<T> {
        Arrivals {
            ways: BTreeMap::new(),
            seen: Vec::new(),
        }
    }
}

/// Ways to one place that are told apart, as each doubles what machine code may do; those beyond go with the last.
const WAYS: usize = 6;

impl<T> Arrivals<T> {
    /// Counts one, and sees what is there the first times.
    pub fn add(&mut self, way: Way, most: usize, see: impl FnOnce() -> T) {
        let times = self.ways.entry(way).or_default();
        *times += 1;
        if *times <= most {
            self.seen.push((way, see()));
        }
    }

    /// The number of visits.
    pub fn times(&self) -> usize {
        self.ways.values().sum()
    }

    /// The observation at one of the visits that [`agreeing`](Self::agreeing) gives.
    pub fn seen(&self, index: usize) -> &T {
        &self.seen[index].1
    }

    /// The times at a place of machine code where a debugger stopped so often, `most` at most, and said this. An `end` is where
    /// all ways to it meet, but machine code may do what is left to do there before it jumps, or have nothing to do there: what
    /// it has for the place is of some of the ways. All choices of ways are given that agree with how often it was got to, and
    /// with what was said.
    pub fn agreeing<S>(
        &self,
        said: &[S],
        most: usize,
        same: impl Fn(&S, &T) -> bool,
    ) -> Vec<Vec<usize>> {
        if said.is_empty() && self.ways.is_empty() {
            return vec![Vec::new()];
        }
        let ways: Vec<_> = self.ways.keys().copied().take(WAYS).collect();
        let mut found: Vec<Vec<usize>> = Vec::new();
        for chosen in 1..1_usize << ways.len() {
            let is_chosen = |way: Way| {
                let index = ways.iter().position(|it| *it == way);
                chosen & 1 << index.unwrap_or(WAYS - 1) != 0
            };
            let counted = self.ways.iter().filter(|(way, _)| is_chosen(**way));
            let times: usize = counted.map(|(_, times)| times).sum();
            let seen = (0..self.seen.len()).filter(|i| is_chosen(self.seen[*i].0));
            let seen: Vec<_> = seen.take(most).collect();
            let agrees = times.min(most) == said.len()
                && said
                    .iter()
                    .zip(&seen)
                    .all(|(it, at)| same(it, self.seen(*at)));
            if agrees && !found.contains(&seen) {
                found.push(seen);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Arrivals;

    /// By falling through, by a jump, by falling through, and by the jump again.
    fn arrivals() -> Arrivals<u32> {
        let mut arrivals = Arrivals::default();
        for (i, way) in [None, Some(3), None, Some(3)].into_iter().enumerate() {
            arrivals.add(way, 4, || i as u32 % 3);
        }
        arrivals
    }

    #[test]
    fn all_ways_meet_where_it_is_got_to_as_often() {
        let found = arrivals().agreeing(&[(); 4], 4, |(), _| true);
        assert_eq!(found, [[0, 1, 2, 3]]);
    }

    #[test]
    fn what_is_said_tells_the_ways_apart() {
        let arrivals = arrivals();
        assert_eq!(arrivals.agreeing(&[(); 2], 4, |(), _| true).len(), 2);
        let found = arrivals.agreeing(&[1, 0], 4, |said, seen| said == seen);
        assert_eq!(found, [[1, 3]]);
    }

    #[test]
    fn one_way_too_often_is_none() {
        assert!(arrivals().agreeing(&[(); 3], 4, |(), _| true).is_empty());
    }
}
