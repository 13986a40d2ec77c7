//! The table of descriptors that a program's threads have in common.

use super::descriptor::Descriptors;
use std::sync::{Condvar, Mutex, PoisonError};

/// The table, unless a call has it.
#[derive(Default)]
pub struct SharedDescriptors {
    table: Mutex<Option<Descriptors>>,
    returned: Condvar,
}

impl SharedDescriptors {
    /// Takes the table when no other thread has it.
    pub fn take(&self) -> Descriptors {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match table.take() {
                Some(table) => return table,
                None => {
                    let waited = self.returned.wait(table);
                    table = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Gives the table back.
    pub fn give_back(&self, descriptors: Descriptors) {
        *self.table.lock().unwrap_or_else(PoisonError::into_inner) = Some(descriptors);
        self.returned.notify_one();
    }
}
