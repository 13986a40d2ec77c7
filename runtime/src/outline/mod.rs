//! Debug info for modules and functions that have none: from the text that the module was given as, from its source map, or from
//! its text as it is printed. The result takes the module's place, as that of other debug info does.
//!
//! ```text
//! text ─────────────── text.rs ─┐
//! sourceMappingURL ─ source_map ┼→ rows ─┐
//! binary form ──────── print.rs ─┘       ├→ Outline ─→ the module with .debug_* sections
//! types, name section ─ declarations.rs ─┘
//! ```

mod declarations;
#[cfg(feature = "compile")]
mod invalid;
mod objects;
mod print;
mod source_map;
mod text;

#[cfg(feature = "compile")]
pub(crate) use invalid::located;
pub use text::Input;
pub(crate) use text::Text;

use crate::cache::Cache;
use crate::config::Config;
use crate::module::ModuleInfo;
use crate::module::NOPS;
use crate::report::library::is_library;
use declarations::{Declarations, Scan};
use dwalin_debuginfo::WasmDwarf;
use dwalin_debuginfo::address::{CodeSection, WasmPc};
use dwalin_debuginfo::container::{Container, with_debug_info};
use dwalin_debuginfo::merge::PathMap;
use dwalin_debuginfo::outline::{self, Coverage, Kind, Outline, Row, TextFunction};
use print::Printed;
use print::TEXT_SECTION;
use source_map::Names;
use std::ffi::OsStr;
use std::fmt::Write;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Bytes of texts that are kept.
const TEXTS: u64 = 256 << 20;

/// Bytes of the longest text that is printed: of more, debuggers are shown functions and locals, and a line of each function.
const LONGEST_TEXT: usize = 128 << 20;

/// The folder of generated sources that debuggers show.
pub(crate) fn texts(folder: &Path) -> Cache<'_> {
    Cache::new(folder, TEXTS)
}

/// The possible origins of an outline.
pub(crate) struct Origins<'a> {
    /// The module's name.
    pub name: &'a str,
    /// The module's file, where it is one.
    pub file: Option<&'a Path>,
    /// The text that it was given as.
    pub text: Option<&'a Text<'a>>,
    /// True if its text is printed, where there is nothing better. Then it has to be valid.
    pub print: bool,
    /// The folder for files that debuggers show.
    pub folder: Option<&'a Path>,
    /// Directories that have other names here.
    pub paths: &'a PathMap,
}

/// A module with an outline.
#[derive(Default)]
pub(crate) struct Outlined {
    /// The module; `None` where there is nothing to describe.
    pub module: Option<Vec<u8>>,
    /// A line for each thing that was looked for and cannot be used.
    pub messages: Vec<String>,
}

/// Describes the functions of a module that its debug info says nothing of, unless that is of the module's own functions: then
/// what has none is a library, and meant to be passed over.
pub(crate) fn add(wasm: &[u8], origins: &Origins<'_>) -> Outlined {
    let mut outlined = Outlined::default();
    let Ok(container) = Container::parse(wasm) else {
        return outlined;
    };
    let has_map = container.section("sourceMappingURL").is_some();
    if !(origins.print || origins.text.is_some() || has_map) {
        return outlined;
    }
    let dwarf = WasmDwarf::new(container.sections.iter().copied());
    let coverage = Coverage::of(&dwarf, is_library);
    let scan = Scan::new(wasm);
    if scan.is_described(&coverage) {
        return outlined;
    }
    let mut declared = scan.declarations();
    if declared.functions.is_empty() {
        return outlined;
    }
    let Some(mut found) = rows(wasm, &declared, origins, &mut outlined.messages) else {
        return outlined;
    };
    declared
        .functions
        .retain(|function| !coverage.touches(&function.body));
    let outline = &mut found.outline;
    if outline.kind == Kind::Text {
        outline.kind = Kind::text(&outline.rows);
    }
    outline.functions = declared.functions;
    for function in outline.functions.iter_mut().filter(|it| it.name.is_none()) {
        function.name = found.names.of(&function.body);
    }
    outline.globals = declared.globals;
    outline.objects = declared.objects;
    leave_out_nops(wasm, &declared.code_section, &mut outline.rows);
    let sections = outline::sections(outline, &dwarf).map_err(|error| error.to_string());
    let module = sections.and_then(|sections| {
        let text = found
            .kept
            .as_deref()
            .map(|path| (TEXT_SECTION, path.as_os_str().as_bytes()));
        let sections = sections.iter().map(|(name, bytes)| (&name[..], &bytes[..]));
        with_debug_info(wasm, sections.chain(text)).map_err(|error| error.to_string())
    });
    match module {
        Ok(module) => outlined.module = Some(module),
        Err(reason) => outlined
            .messages
            .push(format!("debug info: cannot be made: {reason}")),
    }
    outlined
}

/// Rows, and the files that they name.
struct Found {
    outline: Outline,
    /// The file that was made of text.
    kept: Option<PathBuf>,
    /// The source's names of functions that have none in the module.
    names: Names,
}

fn rows(
    wasm: &[u8],
    declared: &Declarations,
    origins: &Origins<'_>,
    messages: &mut Vec<String>,
) -> Option<Found> {
    let store = origins.folder.map(texts);
    let map = source_map::find(
        wasm,
        &declared.code_section,
        origins.file,
        origins.paths,
        store.as_ref(),
    );
    match map {
        Some(Ok(map)) => {
            return Some(Found {
                outline: Outline {
                    kind: Kind::SourceMap,
                    directory: map.directory,
                    files: map.files,
                    rows: map.rows,
                    ..Outline::default()
                },
                kept: None,
                names: map.names,
            });
        }
        Some(Err(reason)) => messages.push(format!("debug info: {reason}")),
        None => {}
    }
    let kept = Kept::new(origins, store.as_ref());
    match (origins.text, origins.file) {
        (Some(text), Some(file)) => Some(Found {
            outline: Outline {
                rows: given(declared, text),
                ..own_file(file, origins.paths)
            },
            kept: None,
            names: Names::default(),
        }),
        (Some(text), None) => Some(kept.text(text.bytes, given(declared, text), messages)),
        (None, _) if origins.print => match print::print(wasm, LONGEST_TEXT) {
            Ok(text) => Some(kept.text(text.text.as_bytes(), printed(declared, &text), messages)),
            Err(reason) => {
                messages.push(format!(
                    "debug info: the module's text is not printed: {reason}; debuggers show a line of each function"
                ));
                let (text, rows) = list(declared);
                Some(kept.text(text.as_bytes(), rows, messages))
            }
        },
        (None, _) => None,
    }
}

/// The file that the module is.
fn own_file(file: &Path, paths: &PathMap) -> Outline {
    let directory = std::env::current_dir().unwrap_or_default();
    Outline {
        directory: paths.apply(&directory.to_string_lossy()),
        files: vec![match file.is_absolute() {
            true => paths.apply(&file.to_string_lossy()),
            false => file.to_string_lossy().into_owned(),
        }],
        ..Outline::default()
    }
}

/// Text that is no file, and becomes one for debuggers.
struct Kept<'a> {
    store: Option<&'a Cache<'a>>,
    name: PathBuf,
}

impl<'a> Kept<'a> {
    fn new(origins: &Origins<'_>, store: Option<&'a Cache<'a>>) -> Kept<'a> {
        Kept {
            store,
            name: Path::new(origins.name).with_extension("wat"),
        }
    }

    fn text(&self, text: &[u8], rows: Vec<Row>, messages: &mut Vec<String>) -> Found {
        let kept = self
            .store
            .map(|store| store.put(&store.place(&[text]), &self.name, text));
        let kept = kept.transpose().unwrap_or_else(|error| {
            messages.push(format!(
                "debug info: the module's text cannot be kept for debuggers in {}: {error}",
                self.store.map_or(Path::new(""), Cache::folder).display()
            ));
            None
        });
        let shown = kept.as_ref().unwrap_or(&self.name);
        let folder = shown.parent().map(Path::to_string_lossy);
        let file = shown.file_name().map(|name| name.to_string_lossy());
        Found {
            outline: Outline {
                directory: folder.unwrap_or_default().into_owned(),
                files: vec![file.unwrap_or_default().into_owned()],
                rows,
                ..Outline::default()
            },
            kept,
            names: Names::default(),
        }
    }
}

/// The lines of the text that the module was given as.
fn given(declared: &Declarations, text: &Text<'_>) -> Vec<Row> {
    let of_function = |(function, text): (&outline::Function, &TextFunction)| {
        let start = function.body.start.0;
        let row = move |(pc, line, column): (u32, u32, u32)| Row {
            pc: WasmPc(start.saturating_add(pc)),
            file: 0,
            line,
            column,
        };
        let first = (0, text.start.0, text.start.1);
        let rows = text.rows.clone().into_iter();
        std::iter::once(first).chain(rows).map(row)
    };
    let functions = declared.functions.iter().zip(&text.functions);
    functions.flat_map(of_function).collect()
}

/// The functions, one a line, and their lines: for a module that is too large to print.
fn list(declared: &Declarations) -> (String, Vec<Row>) {
    let (mut text, mut rows) = (String::new(), Vec::new());
    for (line, function) in (1..).zip(&declared.functions) {
        let name = function.name.as_deref().unwrap_or_default();
        let _ = writeln!(text, "(func (;{};) {name:?} ...)", function.index);
        // At its first instruction, its locals have their values.
        rows.extend([function.body.start, function.first].map(|pc| Row {
            pc,
            file: 0,
            line,
            column: 1,
        }));
    }
    (text, rows)
}

/// The lines of the text that the module is printed as.
fn printed(declared: &Declarations, printed: &Printed) -> Vec<Row> {
    let lines = printed.lines.iter().filter_map(|line| {
        let pc = declared.code_section.pc(line.offset as usize)?;
        Some(Row {
            pc,
            file: 0,
            line: line.line,
            column: line.column,
        })
    });
    // Between a function's start and its first instruction are lines of locals, which are no code.
    let mut rows: Vec<Row> = Vec::new();
    let mut lines = lines.peekable();
    for function in &declared.functions {
        while let Some(row) = lines.next_if(|row| row.pc < function.body.end) {
            if row.pc == function.body.start || row.pc >= function.first {
                rows.push(row);
            }
        }
    }
    rows
}

/// Leaves out the rows of `nop`s after many ([`NOPS`]), which are room that somebody left and have no code.
fn leave_out_nops(wasm: &[u8], code: &CodeSection, rows: &mut Vec<Row>) {
    const NOP: u8 = 0x01;
    let mut nops = 0;
    rows.retain(|row| {
        let is_nop = wasm.get(code.file_offset(row.pc)) == Some(&NOP);
        nops = if is_nop { nops + 1 } else { 0 };
        nops <= NOPS
    });
    rows.shrink_to_fit();
}

/// The file with the text of a module that was printed.
pub(crate) fn text_file<'a>(custom: &[(String, Range<usize>)], wasm: &'a [u8]) -> Option<&'a Path> {
    let (_, range) = custom.iter().find(|(name, _)| name == TEXT_SECTION)?;
    let path = wasm.get(range.clone())?;
    Some(Path::new(OsStr::from_bytes(path)))
}

/// Makes the file with an artifact's text again, where it is gone since the artifact was compiled.
pub(crate) fn restore(info: &ModuleInfo, wasm: &[u8], config: &Config, name: &str) {
    let Some(path) = text_file(&info.custom, wasm).filter(|path| !path.exists()) else {
        return;
    };
    let (Some(folder), true) = (config.texts(), config.settings().debug_info) else {
        return;
    };
    let store = texts(folder);
    let made = print::print(wasm, LONGEST_TEXT).and_then(|printed| {
        let text = printed.text.as_bytes();
        let (place, name) = (store.place(&[text]), path.file_name().unwrap_or_default());
        let kept = store.put(&place, Path::new(name), text);
        kept.map_err(|error| error.to_string())
    });
    let problem = match made {
        Ok(made) if made == path => return,
        Ok(made) => format!("it is at {}", made.display()),
        Err(reason) => reason,
    };
    config.warn(&format!(
        "{name}: debug info: the module's text is not at {}: {problem}",
        path.display()
    ));
}

#[cfg(test)]
mod tests;
