//! Names, paths and texts from files, as they may be shown: whoever made the file is not to write to the terminal, move its cursor, turn
//! the direction of a line, or fill it.

use std::fmt::{self, Display, Write};

/// The longest text of a file's that is shown, in characters: longer than the names of templates that people still read.
const LONGEST: usize = 2000;

/// A text in one line: control characters are escaped as Rust escapes them, and what is very long is cut.
pub struct Printable<T>(pub T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = Escaping {
            out: f,
            lines: false,
            left: Some(LONGEST),
        };
        write!(line, "{}", self.0)
    }
}

/// A text of several lines: as [`Printable`], but for the ends of lines, and of any length.
pub struct PrintableLines<T>(pub T);

impl<T: Display> Display for PrintableLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Escaping {
            out: f,
            lines: true,
            left: None,
        };
        write!(lines, "{}", self.0)
    }
}

/// Returns true if a terminal does something else with a character than to show it: controls (C0, DEL, C1), ends of lines, and those that
/// turn the direction (Unicode Standard Annex #9, section 2).
pub fn is_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || c.is_control()
}

struct Escaping<'a, 'f> {
    out: &'a mut fmt::Formatter<'f>,
    lines: bool,
    /// The number of characters that may follow.
    left: Option<usize>,
}

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_kept = |c: char| !is_control(c) || c == '\t' || self.lines && c == '\n';
        if self.left.is_none() && text.chars().all(is_kept) {
            return self.out.write_str(text);
        }
        for c in text.chars() {
            match &mut self.left {
                // It ends with the sign that it goes on, which is written once.
                Some(0) => return Ok(()),
                Some(left @ 1) => {
                    *left = 0;
                    return self.out.write_char('…');
                }
                Some(left) => *left -= 1,
                None => {}
            }
            match is_kept(c) {
                true => self.out.write_char(c)?,
                false => write!(self.out, "{}", c.escape_default())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_escaped() {
        let shown = |text: &str| Printable(text).to_string();
        assert_eq!(shown("f<int>(Größe) … 名前\t1"), "f<int>(Größe) … 名前\t1");
        assert_eq!(
            shown("\x1b[31ma\rb\n\x07\x7f"),
            r"\u{1b}[31ma\rb\n\u{7}\u{7f}"
        );
        assert_eq!(shown("\u{9b}2J\u{202e}c.a"), r"\u{9b}2J\u{202e}c.a");
        let lines = PrintableLines("a\x1b\nb").to_string();
        assert_eq!(lines, "a\\u{1b}\nb");
    }

    #[test]
    fn what_is_very_long_is_cut() {
        let long = "x".repeat(LONGEST);
        let shown = Printable(format_args!("{long}{long}")).to_string();
        assert_eq!(shown.chars().count(), LONGEST);
        assert!(shown.ends_with("x…"));
    }
}
