//! Checks of cases on a thread with a stack of their own, and how many ended in which way.

use super::seeds::Seeds;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::thread::{Builder, scope};

/// The number of cases of each outcome.
#[derive(Debug)]
pub struct Outcomes<Outcome>(BTreeMap<Outcome, u64>);

impl<Outcome: Ord + Debug + Send> Outcomes<Outcome> {
    /// Checks cases, one a seed, on a thread with so many bytes of stack.
    pub fn of<Case>(
        seeds: Seeds,
        stack: usize,
        cases: impl Iterator<Item = Case> + Send,
        check: impl Fn(u64, Case) -> Outcome + Send,
    ) -> Self {
        let thread = Builder::new().stack_size(stack);
        scope(|scope| {
            let checks = thread.spawn_scoped(scope, || seeds.check(cases, check));
            Outcomes(checks.unwrap().join().unwrap())
        })
    }

    /// The number of cases with such an outcome.
    pub fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> u64 {
        let counted = self.0.iter().filter(|it| is_counted(it.0));
        counted.map(|it| it.1).sum()
    }
}
