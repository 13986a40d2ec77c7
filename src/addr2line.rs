//! `dwalin addr2line`: offsets of a module → functions, files and lines.

use crate::core_modules;
use crate::files;
use crate::json;
use crate::reading_options::Addr2line;
use anyhow::{Result, bail};
use dwalin_runtime::{CoreModule, Location, Printable, SourceFrame};
use serde::Serialize;

/// Prints what is at each offset.
pub fn addr2line(options: &Addr2line) -> Result<()> {
    let modules =
        CoreModule::open_all(&options.file).map_err(|error| files::error(error, &options.file))?;
    let is_component = modules.iter().any(|it| it.offset > 0);
    let chosen = match (&options.module, is_component) {
        // Offsets count in the file.
        (None, true) if !options.code_offsets => None,
        _ => core_modules::chosen(&modules, options.module.as_deref())?,
    };
    if options.code_offsets && chosen.is_none() {
        bail!(
            "--code-offsets: {} is a component; name the core module that they count in with --module",
            options.file.display()
        );
    }
    let mut found = Vec::new();
    for text in &options.offsets {
        let offset = parse(text)?;
        found.push((offset, location(options, &modules, chosen, offset)));
    }
    if options.json {
        let rows = found.iter().map(|(offset, it)| {
            let module = it.as_ref().map(|(module, _)| &*module.name);
            let location = it.as_ref().map(|(_, location)| location);
            Row::new(*offset, location, module.filter(|_| is_component))
        });
        println!("{}", json::to_string(&rows.collect::<Vec<_>>()));
        return Ok(());
    }
    for (offset, it) in &found {
        print(*offset, it.as_ref().map(|(_, location)| location));
    }
    let Some((module, _)) = found.iter().find_map(|(_, it)| it.as_ref()) else {
        bail!(
            "no offset is in a function; {}",
            code(options, &modules, chosen)
        );
    };
    if let Some(stale) = module.module.stale() {
        eprintln!("note: {stale}");
    } else if !module.module.has_dwarf() {
        eprintln!("note: the module has no debug info: compile it with -g to see files and lines");
    }
    Ok(())
}

/// The function at an offset, with its module: the one that was chosen, whose bytes or code are counted then, or the one that has the
/// byte of the file.
fn location<'m>(
    options: &Addr2line,
    modules: &'m [CoreModule],
    chosen: Option<&'m CoreModule>,
    offset: usize,
) -> Option<(&'m CoreModule, Location)> {
    let (module, offset) = match chosen {
        Some(module) => (module, offset),
        None => {
            let module = modules.iter().find(|it| it.contains(offset))?;
            (module, offset - module.offset)
        }
    };
    let location = match options.code_offsets {
        true => module.module.at_code_offset(u32::try_from(offset).ok()?),
        false => module.module.at_file_offset(offset),
    };
    Some((module, location?))
}

/// The offsets at which there is code.
fn code(options: &Addr2line, modules: &[CoreModule], chosen: Option<&CoreModule>) -> String {
    let Some(module) = chosen else {
        let with_code = modules
            .iter()
            .filter(|it| !it.module.code_section().is_empty());
        let ranges = with_code.map(|it| {
            let code = it.module.code_section();
            let (from, to) = (it.offset + code.start, it.offset + code.end);
            format!("{from:#x} to {to:#x} ({})", Printable(&it.name))
        });
        let ranges: Vec<_> = ranges.collect();
        return match ranges.is_empty() {
            true => "the component has no code".to_owned(),
            false => format!("the component's code is at {}", ranges.join(", ")),
        };
    };
    let code = module.module.code_section();
    let (from, to) = match options.code_offsets {
        true => (0, code.len()),
        false => (code.start, code.end),
    };
    format!("the module's code is at {from:#x} to {to:#x}")
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
    /// The core module, of a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
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

impl<'a> Row<'a> {
    fn new(offset: usize, location: Option<&'a Location>, module: Option<&'a str>) -> Row<'a> {
        Row {
            offset,
            module,
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
