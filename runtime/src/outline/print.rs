//! A module printed as text, a line for each instruction, and which line that is.

use std::io;
use wasmprinter::Print;

/// A module's text.
pub struct Printed {
    /// The text.
    pub text: String,
    /// Lines that something of the module begins on, in the order of the text.
    pub lines: Vec<Line>,
}

/// The position of an item of a module in its text.
#[derive(Clone, Copy)]
pub struct Line {
    /// Bytes from the start of the module.
    pub offset: u64,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// The custom section that names the file with a module's printed text.
pub const TEXT_SECTION: &str = "dwalin.text";

/// The most characters of a line. Segments of data are one line each.
const LONGEST: usize = 4096;

/// Prints a valid module. Custom sections that only tools read are left out.
///
/// # Errors
/// What the printer cannot read, or that there are more bytes of text than `limit`.
pub fn print(wasm: &[u8], limit: usize) -> Result<Printed, String> {
    let mut printer = Printer {
        text: String::new(),
        lines: Vec::new(),
        line: 1,
        start: 0,
        cut: false,
        limit,
    };
    // Instructions take two bytes or so, and 25 in the text.
    printer
        .text
        .reserve(wasm.len().saturating_mul(8).min(limit));
    wasmprinter::Config::new()
        .print(wasm, &mut printer)
        .map_err(|error| error.to_string())?;
    printer.text.push('\n');
    let Printer { text, lines, .. } = printer;
    let lines = lines.into_iter().map(|(offset, line, start)| {
        let rest = text.as_bytes().get(start..).unwrap_or(&[]);
        let indent = rest.iter().take_while(|byte| **byte == b' ').count();
        Line {
            offset,
            line,
            column: indent as u32 + 1,
        }
    });
    let lines = lines.collect();
    Ok(Printed { text, lines })
}

struct Printer {
    text: String,
    /// Offset, line, and where the line starts in the text.
    lines: Vec<(u64, u32, usize)>,
    line: u32,
    start: usize,
    cut: bool,
    limit: usize,
}

impl Print for Printer {
    fn write_str(&mut self, text: &str) -> io::Result<()> {
        if self.cut {
            return Ok(());
        }
        if self.text.len().saturating_add(text.len()) > self.limit {
            let limit = self.limit >> 20;
            return Err(io::Error::other(format!(
                "there are more than {limit} MiB of it"
            )));
        }
        self.text.push_str(text);
        if self.text.len() - self.start > LONGEST {
            self.text.push_str(" ;; and more, which is not shown");
            self.cut = true;
        }
        Ok(())
    }

    fn newline(&mut self) -> io::Result<()> {
        self.text.push('\n');
        self.line += 1;
        self.start = self.text.len();
        self.cut = false;
        Ok(())
    }

    fn start_line(&mut self, offset: Option<u64>) {
        let line = |offset| (offset, self.line, self.start);
        self.lines.extend(offset.map(line));
    }

    fn print_custom_section(&mut self, name: &str, _: u64, _: &[u8]) -> io::Result<bool> {
        Ok(name.starts_with(".debug_") || name == TEXT_SECTION)
    }
}
