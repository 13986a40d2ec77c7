//! A module given as text: the binary form, and where in the text its functions and instructions are.

use crate::error::{Error, Result};
use crate::module::foreign::NotAModule;
use dwalin_debuginfo::WasmDwarf;
use dwalin_debuginfo::container::Container;
use dwalin_debuginfo::outline::{TextFunction, text_functions};
use std::borrow::Cow;
use std::path::Path;
use wasmparser::{Parser, Payload};

/// A module as it was given, in its binary form or as text: neither compiled nor validated yet.
pub struct Input<'a> {
    /// Its binary form.
    pub(crate) wasm: Cow<'a, [u8]>,
    /// The text that it was given as.
    pub(crate) text: Option<Text<'a>>,
}

/// A module's text.
pub struct Text<'a> {
    /// The text.
    pub bytes: &'a [u8],
    /// Its functions with code, in their order.
    pub functions: Vec<TextFunction>,
}

impl<'a> Input<'a> {
    /// Returns true if it is a component, and not a module.
    pub fn is_component(&self) -> bool {
        Parser::is_component(&self.wasm)
    }

    /// A module in its binary form or as text. `file` is where it was read from, for errors to name.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn read(bytes: &'a [u8], file: Option<&Path>) -> Result<Input<'a>> {
        if bytes.starts_with(b"\0asm") {
            return Ok(Input {
                wasm: bytes.into(),
                text: None,
            });
        }
        if let Some(other) = NotAModule::of(bytes) {
            return Err(Error::NotAModule(other));
        }
        let with_lines = wat::Parser::new()
            .generate_dwarf(wat::GenerateDwarf::Lines)
            .parse_bytes(None, bytes)
            .map_err(|mut error| {
                error.set_path(name(file));
                Error::Wat(Box::new(error))
            })?;
        // Its core modules would have lines of other places: they are counted in the file.
        if Parser::is_component(&with_lines) {
            let wasm = wat::parse_bytes(bytes).map_err(|error| Error::Wat(Box::new(error)))?;
            return Ok(Input { wasm, text: None });
        }
        let Some(end) = start_of_lines(&with_lines) else {
            return Ok(Input {
                wasm: with_lines,
                text: None,
            });
        };
        let sections = Container::parse(&with_lines).map_or(Vec::new(), |it| it.sections);
        let functions = text_functions(&WasmDwarf::new(sections.into_iter()));
        let mut wasm = with_lines.into_owned();
        wasm.truncate(end);
        Ok(Input {
            wasm: wasm.into(),
            text: Some(Text { bytes, functions }),
        })
    }
}

/// The name of a text in errors.
pub fn name(file: Option<&Path>) -> String {
    file.map_or("<text>".into(), |file| file.display().to_string())
}

/// The offset of the debug sections that end a module, which are the `wat` crate's; `None` where there are others: the text has
/// some of its own.
fn start_of_lines(wasm: &[u8]) -> Option<usize> {
    let mut end = 8;
    let mut found = None;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        let Some((_, range)) = payload.as_section() else {
            continue;
        };
        let is_debug = match &payload {
            Payload::CustomSection(section) => section.name().starts_with(".debug_"),
            _ => false,
        };
        match (is_debug, found) {
            (true, None) => found = Some(end),
            (false, Some(_)) => return None,
            _ => {}
        }
        end = range.end as usize;
    }
    found
}
