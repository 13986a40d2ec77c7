//! A bound for what debug info may cost. Its entries can share what they refer to, so that what there is to do is the product of their
//! numbers; each kind of work has a budget that grows with the input, and that no compiler's output comes near.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The work that may still be done, in steps of whatever is counted: bytes of strings, entries of lists, pieces of code.
#[derive(Debug)]
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    pub fn new(steps: usize) -> Budget {
        Budget(AtomicUsize::new(steps))
    }

    /// So many steps for each byte of the input, and so many beside these.
    pub fn of_bytes(bytes: usize, of_byte: usize, beside: usize) -> Budget {
        Budget::new(bytes.saturating_mul(of_byte).saturating_add(beside))
    }

    pub fn unlimited() -> Budget {
        Budget::new(usize::MAX)
    }

    /// Takes some steps; `None`, and nothing is taken, where there are not as many.
    pub fn take(&self, steps: usize) -> Option<()> {
        let take = |left: usize| left.checked_sub(steps);
        let order = Ordering::Relaxed;
        self.0.fetch_update(order, order, take).ok().map(drop)
    }

    /// Takes some steps; `false`, and all are taken, where there are not as many.
    pub fn spend(&self, steps: usize) -> bool {
        let taken = self.take(steps).is_some();
        if !taken {
            self.exhaust();
        }
        taken
    }

    /// Takes all.
    pub fn exhaust(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub fn is_exhausted(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn what_is_not_there_is_not_taken_and_ends_what_is_spent() {
        let budget = Budget::of_bytes(2, 3, 4);
        assert_eq!(budget.take(11), None);
        assert_eq!(budget.take(7), Some(()));
        assert!(budget.spend(2) && !budget.is_exhausted());
        assert!(!budget.spend(2) && budget.is_exhausted());
        assert_eq!((budget.take(1), budget.take(0)), (None, Some(())));
        assert!(Budget::of_bytes(usize::MAX, 2, 1).spend(usize::MAX));
    }
}
