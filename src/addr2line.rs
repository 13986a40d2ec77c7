//! `dwalin addr2line`: offsets of a module → functions, files and lines.

use crate::args::Addr2line;
use crate::files;
use crate::json;
use anyhow::{Result, bail};
use dwalin_runtime::{Location, ModuleFile, Printable, SourceFrame};
use serde::Serialize;

/// Prints what is at each offset.
pub fn addr2line(options: &Addr2line) -> Result<()> {
    let file =
        ModuleFile::open(&options.file).map_err(|error| files::error(error, &options.file))?;
    let mut found = Vec::new();
    for text in &options.offsets {
        let offset = parse(text)?;
        let location = match options.code_offsets {
            true => u32::try_from(offset)
                .ok()
                .and_then(|it| file.at_code_offset(it)),
            false => file.at_file_offset(offset),
        };
        found.push((offset, location));
    }
    if options.json {
        let rows = found
            .iter()
            .map(|(offset, it)| Row::new(*offset, it.as_ref()));
        println!("{}", json::to_string(&rows.collect::<Vec<_>>()));
        return Ok(());
    }
    for (offset, location) in &found {
        print(*offset, location.as_ref());
    }
    if found.iter().all(|(_, location)| location.is_none()) {
        let code = file.code_section();
        let (from, to) = match options.code_offsets {
            true => (0, code.len()),
            false => (code.start, code.end),
        };
        bail!("no offset is in a function; the module's code is at {from:#x} to {to:#x}");
    }
    if let Some(stale) = file.stale() {
        eprintln!("note: {stale}");
    } else if !file.has_dwarf() {
        eprintln!("note: the module has no debug info: compile it with -g to see files and lines");
    }
    Ok(())
}

/// An offset as typed: with or without 0x, as tools print them.
fn parse(text: &str) -> Result<usize> {
    let value = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => usize::from_str_radix(digits, 16),
        None => text.parse(),
    };
    match value {
        Ok(value) => Ok(value),
        Err(_) => bail!("`{text}` is not an offset: give it as 1234 or 0x4d2"),
    }
}

fn print(offset: usize, location: Option<&Location>) {
    let Some(location) = location else {
        println!("{offset:#x}: not in a function");
        return;
    };
    if location.frames.is_empty() {
        println!("{offset:#x}: {}", Printable(&location.func_name));
    }
    for (depth, frame) in location.frames.iter().enumerate() {
        let name = Printable(frame.function.as_deref().unwrap_or(&location.func_name));
        let place = Printable(place(frame));
        match depth {
            0 => println!("{offset:#x}: {name} at {place}"),
            _ => println!("    inlined into {name} at {place}"),
        }
    }
}

/// A place in the source: file, line and column, as far as they are known.
fn place(frame: &SourceFrame) -> String {
    let mut text = frame.file.clone().unwrap_or_else(|| "??".to_owned());
    for number in [frame.line, frame.column].into_iter().map_while(|it| it) {
        text.push_str(&format!(":{number}"));
    }
    text
}

/// An offset, as JSON; docs/debugging.md documents the members.
#[derive(Serialize)]
struct Row<'a> {
    offset: usize,
    function: Option<&'a str>,
    #[serde(flatten)]
    location: Option<Code<'a>>,
}

/// A place in the code.
#[derive(Serialize)]
struct Code<'a> {
    file_offset: usize,
    code_offset: u32,
    function_index: u32,
    frames: Vec<Frame<'a>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    function: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
}

impl Row<'_> {
    fn new(offset: usize, location: Option<&Location>) -> Row<'_> {
        Row {
            offset,
            function: location.map(|it| &*it.func_name),
            location: location.map(|it| Code {
                file_offset: it.file_offset,
                code_offset: it.code_offset,
                function_index: it.func_index,
                frames: it.frames.iter().map(Frame::new).collect(),
            }),
        }
    }
}

impl Frame<'_> {
    fn new(frame: &SourceFrame) -> Frame<'_> {
        Frame {
            function: frame.function.as_deref(),
            file: frame.file.as_deref(),
            line: frame.line,
            column: frame.column,
        }
    }
}
