//! Files: type units of split DWARF have tables of their own, and skeletons that stay alone a name only in theirs.

use super::out::Entry;
use super::unit::Assembly;
use crate::source::{ReadUnit, Reader};
use gimli::constants as dw;
use gimli::read::LineProgramHeader;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The numbers that the files of one unit have in the table of another: by number, `None` for those that are not there.
pub fn file_numbers(from: ReadUnit<'_, '_>, to: ReadUnit<'_, '_>) -> Vec<Option<u64>> {
    let known: HashMap<PathBuf, u64> = files(to)
        .into_iter()
        .enumerate()
        .rev()
        .filter_map(|(number, path)| Some((path?, number as u64)))
        .collect();
    files(from)
        .into_iter()
        .map(|path| known.get(&path?).copied())
        .collect()
}

/// The files of a unit's line table, by number.
fn files(unit: ReadUnit<'_, '_>) -> Vec<Option<PathBuf>> {
    let program = unit.line_program.as_ref();
    program.map_or_else(Vec::new, |program| files_of(unit, program.header()))
}

/// The files of a line table, by number.
pub fn files_of<'a>(
    unit: ReadUnit<'_, 'a>,
    header: &LineProgramHeader<Reader<'a>>,
) -> Vec<Option<PathBuf>> {
    // Numbers count from 0 in DWARF 5, and from 1 before (DWARF 5, section 6.2.4).
    let last = header.file_names().len() as u64;
    (0..=last)
        .map(|number| path(unit, header, number))
        .collect()
}

fn path<'a>(
    unit: ReadUnit<'_, 'a>,
    header: &LineProgramHeader<Reader<'a>>,
    number: u64,
) -> Option<PathBuf> {
    let file = header.file(number)?;
    let text = |value| {
        let text = unit.attr_string(value).ok()?;
        Some(text.to_string_lossy().into_owned())
    };
    let name = text(file.path_name())?;
    let directory = file.directory(header).and_then(text);
    Some(Path::new(&directory.unwrap_or_default()).join(name))
}

impl Assembly<'_, '_> {
    /// Returns true if the unit is a skeleton that found nothing.
    pub(super) fn is_bare_skeleton(&self) -> bool {
        let unit = self.parts[0].unit;
        unit.dwo_id.is_some() && unit.name.is_none()
    }

    /// A skeleton has no name, and no language: gdb wants both (gdb's bug 32431). Its line table has the former, and the former
    /// says the latter.
    pub(super) fn name_skeleton(&self, entry: &mut Entry) {
        let unit = self.parts[0].unit;
        let Some(program) = &unit.line_program else {
            return;
        };
        let header = program.header();
        let first = u64::from(header.version() <= 4);
        let Some(path) = path(unit, header, first) else {
            return;
        };
        entry.attribute(dw::DW_AT_name, dw::DW_FORM_string);
        let directory = unit.comp_dir.map(|it| it.to_string_lossy());
        let name = directory
            .and_then(|directory| path.strip_prefix(&*directory).ok())
            .unwrap_or(&path)
            .to_string_lossy();
        entry.values.bytes.extend(name.as_bytes());
        entry.values.bytes.push(0);
        let language = match path.extension().and_then(|it| it.to_str()) {
            Some("rs") => dw::DW_LANG_Rust,
            Some("c" | "h" | "s" | "S") => dw::DW_LANG_C11,
            _ => dw::DW_LANG_C_plus_plus_14,
        };
        entry.attribute(dw::DW_AT_language, dw::DW_FORM_data2);
        entry.values.bytes.extend(language.0.to_le_bytes());
    }
}
