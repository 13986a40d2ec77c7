//! How much a check may look at: lists that entries share could be read once for each of them, without end for hostile input.

use std::cell::Cell;

/// List entries and instructions that may still be looked at.
pub(super) struct Budget(Cell<u64>);

impl Budget {
    pub fn new(steps: u64) -> Budget {
        Budget(Cell::new(steps))
    }

    /// Takes some; `false` where there are no more.
    pub fn spend(&self, steps: u64) -> bool {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }

    pub fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
