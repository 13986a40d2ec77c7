//! Sources that line tables hold (DW_LNCT_LLVM_source: `clang -gembed-source`).

use crate::source::{ReadUnit, Reader, Warnings, WasmDwarf, attr_string, headers};
use crate::units::roots::Roots;
use gimli::read::{AttributeValue, FileEntry, LineProgramHeader};
use std::collections::BTreeMap;

/// A source file that debug info names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SourceFile<'d> {
    /// The absolute directory that its path is made with: of the file, or of the compilation.
    pub directory: String,
    /// Its path, with that directory.
    pub path: String,
    /// Its text, where the debug info holds it.
    pub text: Option<&'d [u8]>,
}

/// The source files of a module, sorted; none where no line table holds any text.
pub fn source_files<'d>(dwarf: &WasmDwarf<'d>) -> Vec<SourceFile<'d>> {
    let read = dwarf.read();
    // Most modules have none, and each start of a program asks.
    if !Roots::read(&read).have_sources(&read) {
        return Vec::new();
    }
    let mut files = BTreeMap::new();
    // Damage is reported where it is read for a purpose.
    for header in headers(&read, &mut Warnings::default()) {
        let Ok(unit) = read.unit(header) else {
            continue;
        };
        let unit = unit.unit_ref(&read);
        let Some(program) = &unit.line_program else {
            continue;
        };
        let header = program.header();
        for file in header.file_names() {
            if let Some(file) = source_file(unit, header, file) {
                // Of units with text and without, the one with it counts.
                let known = files.entry((file.directory, file.path)).or_insert(None);
                *known = known.or(file.text);
            }
        }
    }
    if files.values().all(Option::is_none) {
        return Vec::new();
    }
    let files = files
        .into_iter()
        .map(|((directory, path), text)| SourceFile {
            directory,
            path,
            text,
        });
    files.collect()
}

fn source_file<'d>(
    unit: ReadUnit<'_, 'd>,
    header: &LineProgramHeader<Reader<'d>>,
    file: &FileEntry<Reader<'d>>,
) -> Option<SourceFile<'d>> {
    let bytes = |value: AttributeValue<Reader<'d>>| {
        let text = attr_string(unit, value).ok()?;
        Some(text.slice())
    };
    let string = |value| Some(String::from_utf8_lossy(bytes(value)?).into_owned());
    let compilation = unit
        .comp_dir
        .map(|text| text.to_string_lossy().into_owned());
    let own = file.directory(header).and_then(string);
    let name = string(file.path_name())?;
    let (directory, path) = match (compilation, own) {
        _ if name.starts_with('/') => (name.rsplit_once('/')?.0.to_owned(), name),
        (_, Some(own)) if own.starts_with('/') => (own.clone(), format!("{own}/{name}")),
        (Some(compilation), Some(own)) => {
            let path = format!("{compilation}/{own}/{name}");
            (compilation, path)
        }
        (Some(compilation), None) => {
            let path = format!("{compilation}/{name}");
            (compilation, path)
        }
        (None, _) => return None,
    };
    let text = file.source().and_then(bytes);
    directory.starts_with('/').then_some(SourceFile {
        directory,
        path,
        // LLVM writes none as an empty one.
        text: text.filter(|text| !text.is_empty()),
    })
}
