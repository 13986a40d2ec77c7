//! Seeds of random cases: those of each run, or those that the environment asks for.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// The time that a case may take without being named.
const SLOW: Duration = Duration::from_secs(5);

/// A range of seeds, and the time that their cases may take together.
#[derive(Clone, Copy)]
pub struct Seeds {
    pub first: u64,
    /// Inclusive.
    pub last: u64,
    time: Duration,
}

impl Seeds {
    /// `cases` for at most `seconds`, unless the environment names seconds, which then are all that counts, or the one seed to check.
    pub fn requested(cases: u64, seconds: u64) -> Seeds {
        let requested = number("DWALIN_FUZZ_SECONDS");
        let first = number("DWALIN_FUZZ_SEED").unwrap_or(1);
        Seeds {
            first,
            last: match requested {
                Some(0) => first,
                Some(_) => u64::MAX,
                None => first + cases - 1,
            },
            time: Duration::from_secs(requested.unwrap_or(seconds)),
        }
    }

    /// True for a finding that is looked at again.
    pub fn is_single(&self) -> bool {
        self.first == self.last
    }

    /// The end of the time, if it begins now.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.time
    }

    /// Checks cases, one a seed, until the time is over; returns the number of cases of each outcome.
    pub fn check<Case, Outcome: Ord + Debug>(
        &self,
        cases: impl Iterator<Item = Case>,
        check: impl Fn(u64, Case) -> Outcome,
    ) -> BTreeMap<Outcome, u64> {
        let (mut outcomes, mut failed) = (BTreeMap::new(), Vec::new());
        let end = self.deadline();
        for (seed, case) in (self.first..=self.last).zip(cases) {
            let started = Instant::now();
            match catch_unwind(AssertUnwindSafe(|| check(seed, case))) {
                Ok(outcome) => *outcomes.entry(outcome).or_default() += 1,
                Err(_) => {
                    println!("seed {seed} fails");
                    failed.push(seed);
                }
            }
            if started.elapsed() > SLOW {
                println!("seed {seed} takes {:?}", started.elapsed());
            }
            if seed % 10_000 == 0 {
                println!("seed {seed}: {outcomes:?}");
            }
            if Instant::now() >= end {
                break;
            }
        }
        println!("from seed {} on: {outcomes:?}", self.first);
        assert!(failed.is_empty(), "failed: {failed:?}");
        outcomes
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
