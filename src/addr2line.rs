//! `dwalin addr2line`: offsets of a module → functions, files and lines.

use crate::args::Addr2line;
use crate::files;
use crate::json::Json;
use anyhow::{Result, bail};
use dwalin_runtime::{Location, ModuleFile, Printable, SourceFrame};

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
        let all = found
            .iter()
            .map(|(offset, location)| json(*offset, location.as_ref()));
        println!("{}", Json::array(all));
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

fn json(offset: usize, location: Option<&Location>) -> Json {
    let Some(location) = location else {
        return Json::object([
            ("offset", Json::number(offset as u64)),
            ("function", Json::null()),
        ]);
    };
    let frames = location.frames.iter().map(|frame| {
        Json::object([
            ("function", Json::string_or_null(frame.function.as_deref())),
            ("file", Json::string_or_null(frame.file.as_deref())),
            ("line", Json::number_or_null(frame.line)),
            ("column", Json::number_or_null(frame.column)),
        ])
    });
    Json::object([
        ("offset", Json::number(offset as u64)),
        ("file_offset", Json::number(location.file_offset as u64)),
        ("code_offset", Json::number(u64::from(location.code_offset))),
        (
            "function_index",
            Json::number(u64::from(location.func_index)),
        ),
        ("function", Json::string(&location.func_name)),
        ("frames", Json::array(frames)),
    ])
}
