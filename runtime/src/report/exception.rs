//! An exception that nobody handles, as reports show it.

use crate::printable::Printable;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// An exception that nobody handles: its text, and the value that a store's owner gets back.
#[derive(Clone)]
pub struct UncaughtException {
    text: String,
    value: Arc<dyn Any + Send + Sync>,
}

impl UncaughtException {
    pub(crate) fn new(text: String, value: impl Any + Send + Sync) -> UncaughtException {
        UncaughtException {
            text,
            value: Arc::new(value),
        }
    }

    /// The value that it was made of.
    pub(crate) fn value<T: 'static>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }
}

impl fmt::Display for UncaughtException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_says_steers_no_terminal() {
        let said = UncaughtException::new("type E: \x1b[31mred".to_owned(), ());
        assert!(said.to_string().starts_with("type E: "));
        assert!(!said.to_string().contains(char::is_control), "{said}");
    }
}
