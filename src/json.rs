//! JSON as the command prints it: on one line, without a character that a terminal acts on.

use dwalin_runtime::is_control;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// Returns a value as JSON.
pub fn to_string(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Escaping);
    value
        .serialize(&mut serializer)
        .expect("memory takes all that is written, and keys are strings");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// The compact form, with escapes for those characters too that JSON allows in strings and a terminal acts on.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_control(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            // Those characters are all in the Basic Multilingual Plane.
            write!(writer, "\\u{:04x}", u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::to_string;

    #[test]
    fn what_a_terminal_acts_on_is_escaped() {
        let text = "a\"b\\c\n\u{1b}[31m\u{9b}2J\u{202e}d\u{e9}\u{7f}";
        let json = to_string(&text);
        assert_eq!(json, r#""a\"b\\c\n\u001b[31m\u009b2J\u202edé\u007f""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
