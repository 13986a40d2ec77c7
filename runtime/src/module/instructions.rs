//! The instructions of functions as the text format writes them, with the module's own names.

use super::validate::validate;
use std::io;
use std::ops::Range;
use wasmprinter::Print;

/// Bytes of an instruction's text, more or less; a `br_table` may have any number of labels.
const LONGEST: usize = 1024;

/// Instructions, each with its offset in the module's file.
#[derive(Default)]
pub struct Instructions {
    /// The file offset of each instruction, and its text below.
    places: Vec<(usize, Range<u32>)>,
    text: String,
}

impl Instructions {
    /// Those of some functions of a module, by their bodies; none of a module that is invalid, which cannot be printed.
    pub(crate) fn of(wasm: &[u8], bodies: &[Range<usize>]) -> Instructions {
        let (Some(first), Some(last)) = (bodies.first(), bodies.last()) else {
            return Instructions::default();
        };
        let mut printer = Printer {
            found: Instructions::default(),
            wanted: first.start..last.end,
            is_instruction: false,
            is_cut: false,
            is_behind: false,
        };
        if validate(wasm).is_err() {
            return Instructions::default();
        }
        // The printer itself ends with an error where all that is wanted was found.
        let _ = wasmprinter::Config::new().print(wasm, &mut printer);
        printer.end_line();
        let mut found = printer.found;
        // In the text a parenthesis ends a function.
        let start = found.text.len() as u32;
        found.text.push_str("end");
        let ends = bodies.iter().map(|body| body.end.saturating_sub(1));
        found.places.extend(ends.map(|end| (end, start..start + 3)));
        found.places.sort_by_key(|(offset, _)| *offset);
        found
    }

    /// The one at an offset of the file.
    pub fn at(&self, offset: usize) -> Option<&str> {
        let index = self.places.binary_search_by_key(&offset, |(at, _)| *at);
        self.text(&self.places[index.ok()?].1)
    }

    /// All of them: where each is in the file, and its text.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        let places = self.places.iter();
        places.filter_map(|(offset, text)| Some((*offset, self.text(text)?)))
    }

    fn text(&self, range: &Range<u32>) -> Option<&str> {
        self.text.get(range.start as usize..range.end as usize)
    }
}

/// A printer that keeps the lines of instructions.
struct Printer {
    found: Instructions,
    wanted: Range<usize>,
    /// True if the line that is being written may be an instruction: the last of those found.
    is_instruction: bool,
    is_cut: bool,
    is_behind: bool,
}

impl Printer {
    /// Completes the instruction whose line ends here.
    fn end_line(&mut self) {
        if !std::mem::take(&mut self.is_instruction) {
            return;
        }
        let Instructions { places, text } = &mut self.found;
        let Some((_, range)) = places.last_mut() else {
            return;
        };
        range.end = text.len() as u32;
        let line = &text[range.start as usize..];
        // A function, its locals, and the parenthesis that closes them.
        if line.is_empty() || line.starts_with(['(', ')']) {
            text.truncate(range.start as usize);
            places.pop();
        } else if line.ends_with(')') && !line.contains('(') {
            text.pop();
            range.end -= 1;
        }
    }
}

impl Print for Printer {
    fn write_str(&mut self, text: &str) -> io::Result<()> {
        let Some((_, range)) = self.found.places.last().filter(|_| self.is_instruction) else {
            return Ok(());
        };
        let written = self.found.text.len() - range.start as usize;
        if written > LONGEST {
            if !std::mem::replace(&mut self.is_cut, true) {
                self.found.text.push_str(" ...");
            }
            return Ok(());
        }
        // The indentation is the printer's.
        let text = match written {
            0 => text.trim_start(),
            _ => text,
        };
        self.found.text.push_str(text);
        Ok(())
    }

    fn newline(&mut self) -> io::Result<()> {
        self.end_line();
        self.is_cut = false;
        match self.is_behind {
            true => Err(io::Error::other("all was found")),
            false => Ok(()),
        }
    }

    fn start_line(&mut self, offset: Option<u64>) {
        let Some(offset) = offset.map(|it| it as usize) else {
            return;
        };
        self.is_behind = offset >= self.wanted.end;
        let Ok(start) = u32::try_from(self.found.text.len()) else {
            return;
        };
        let is_next = self.found.places.last().is_none_or(|(at, _)| *at < offset);
        if self.wanted.contains(&offset) && is_next {
            self.found.places.push((offset, start..start));
            self.is_instruction = true;
        }
    }

    fn print_custom_section(&mut self, name: &str, _: u64, _: &[u8]) -> io::Result<bool> {
        Ok(name != "name")
    }
}

#[cfg(test)]
mod tests {
    use crate::inspect::file::ModuleFile;

    #[test]
    fn instructions_are_as_the_text_format_writes_them() {
        let wat = r#"(module (memory 1)
            (func $f (param $n i32) (result i32) (local $x i64)
                (block $b local.get $n br_if $b i32.const 5 br_table 0 $b $b)
                (call $g (f64.const 0x1p-3) (i32.load16_u offset=4 (local.get $n))))
            (func $g (param f64 i32) (result i32) (i32.const -7)))"#;
        let file = ModuleFile::of(wat::parse_str(wat).unwrap()).unwrap();
        let of = |functions| {
            let instructions = file.instructions(functions);
            let texts = instructions.iter().map(|(offset, text)| {
                assert_eq!(instructions.at(offset), Some(text));
                text.to_owned()
            });
            texts.collect::<Vec<_>>()
        };
        let f = [
            "block $b",
            "local.get $n",
            "br_if $b",
            "i32.const 5",
            "br_table $b $b $b",
            "end",
            "f64.const 0x1p-3 (;=0.125;)",
            "local.get $n",
            "i32.load16_u offset=4",
            "call $g",
            "end",
        ];
        assert_eq!(of(0..1), f);
        assert_eq!(of(1..2), ["i32.const -7", "end"]);
        assert_eq!(of(0..2).len(), f.len() + 2);
        assert!(of(2..9).is_empty());
    }

    #[test]
    fn a_table_of_many_labels_is_cut() {
        let labels = "0 ".repeat(160_000);
        let wat = format!("(module (func (br_table {labels} (i32.const 0))))");
        let file = ModuleFile::of(wat::parse_str(wat).unwrap()).unwrap();
        let instructions = file.instructions(0..1);
        let table = instructions.iter().nth(1).unwrap().1;
        assert!(table.ends_with(" ...") && table.len() < 1100, "{table}");
    }
}
