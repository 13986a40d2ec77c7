//! Columns as people count them: characters of the line, as rustc's messages do. Debug info counts bytes, as LLVM does.

use super::backtrace::WasmBacktrace;
use crate::named_file::read_source;
use dwalin_debuginfo::SourceFrame;
use std::collections::HashMap;

/// The most sources that are read for one backtrace.
const MOST: usize = 16;

impl WasmBacktrace {
    /// The same with columns in characters instead of bytes, as far as [`read_source`] reads the lines.
    pub fn with_columns_in_characters(&self) -> WasmBacktrace {
        let mut sources = Sources::default();
        let mut backtrace = self.clone();
        for symbol in backtrace
            .frames_mut()
            .iter_mut()
            .flat_map(|it| &mut it.symbols)
        {
            sources.count_characters(symbol);
        }
        backtrace
    }
}

/// Sources by path; those that cannot be read are empty, and those that are ASCII throughout, where nothing is to be done.
#[derive(Default)]
struct Sources(HashMap<String, String>);

impl Sources {
    fn count_characters(&mut self, symbol: &mut SourceFrame) {
        let (Some(path), Some(line), Some(column)) = (&symbol.file, symbol.line, symbol.column)
        else {
            return;
        };
        if self.0.len() == MOST && !self.0.contains_key(path) {
            return;
        }
        let text = self.0.entry(path.clone()).or_insert_with(|| {
            let text = read_source(path).unwrap_or_default();
            match text.is_ascii() {
                true => String::new(),
                false => text,
            }
        });
        let line = text.lines().nth((line as usize).saturating_sub(1));
        symbol.column = Some(line.map_or(column, |line| character(line, column)));
    }
}

/// The column of a byte of a line; both are from 1. Behind the line's end, a byte is a character.
fn character(line: &str, column: u32) -> u32 {
    let before = (column as usize).saturating_sub(1);
    let end = line.floor_char_boundary(before);
    let inside = line[..end].chars().count();
    let behind = before.saturating_sub(line.len());
    (inside + behind + 1) as u32
}

#[cfg(test)]
mod tests {
    use super::character;

    #[test]
    fn characters_are_counted_from_one() {
        for (line, column, expected) in [
            ("int a;", 5, 5),
            ("/* äöü€ */ f();", 17, 12),
            ("ä", 1, 1),
            // Inside a character: the compiler counted something else.
            ("ä", 2, 1),
            ("ä", 3, 2),
            ("ä", 5, 4),
            ("", 1, 1),
        ] {
            assert_eq!(character(line, column), expected, "{line} {column}");
        }
    }
}
