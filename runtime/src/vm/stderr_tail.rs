//! The last output of a store's guests on standard error: the message before a program gives up.

use std::collections::VecDeque;

/// Bytes that are kept.
const KEPT: usize = 4 << 10;

/// The last bytes that were written.
#[derive(Default, Debug)]
pub struct StderrTail(VecDeque<u8>);

impl StderrTail {
    /// Takes note of what was written.
    pub fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(KEPT)..];
        let surplus = (self.0.len() + bytes.len()).saturating_sub(KEPT);
        self.0.drain(..surplus);
        self.0.extend(bytes);
    }

    /// Returns true if the last line has not been ended.
    pub fn is_open(&self) -> bool {
        self.0.back().is_some_and(|byte| *byte != b'\n')
    }

    /// The kept bytes, as text.
    pub fn text(&self) -> String {
        let (first, second) = self.0.as_slices();
        String::from_utf8_lossy(&[first, second].concat()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, StderrTail};

    #[test]
    fn the_last_bytes_are_kept() {
        let mut tail = StderrTail::default();
        tail.push(b"first ");
        tail.push(&[b'.'; KEPT - 4]);
        tail.push(b"last");
        let text = tail.text();
        assert_eq!(text.len(), KEPT);
        assert!(text.starts_with("....") && text.ends_with(".last"));
        tail.push(&[b'x'; 3 * KEPT]);
        assert_eq!(tail.text(), "x".repeat(KEPT));
    }
}
