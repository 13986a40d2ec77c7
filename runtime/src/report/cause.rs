//! The known facts about why an instruction trapped, as data.

use std::fmt;

/// The known facts about a trap's cause, in sentences.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The facts.
    pub notes: Vec<String>,
    /// The probable explanations.
    pub hints: Vec<String>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        for hint in &self.hints {
            writeln!(f, "{hint}")?;
        }
        Ok(())
    }
}

impl Cause {
    pub(crate) fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}
