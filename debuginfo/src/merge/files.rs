//! Numbers of files: type units and macros of split DWARF name files of tables of their own, of which the unit's need not have all.

use crate::source::{ReadUnit, Reader, attr_string};
use gimli::read::LineProgramHeader;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

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

/// The path of a file.
pub fn path<'a>(
    unit: ReadUnit<'_, 'a>,
    header: &LineProgramHeader<Reader<'a>>,
    number: u64,
) -> Option<PathBuf> {
    let file = header.file(number)?;
    let text = |value| {
        let text = attr_string(unit, value).ok()?;
        Some(text.to_string_lossy().into_owned())
    };
    let name = text(file.path_name())?;
    let directory = file.directory(header).and_then(text);
    Some(Path::new(&directory.unwrap_or_default()).join(name))
}

/// A file of a table other than the unit's.
enum OtherFile {
    /// Its number in the unit's table.
    Number(u64),
    /// Its path; nothing has asked for its number.
    Path(PathBuf),
    /// It has no path that can be read.
    Unknown,
}

/// The files of a unit's line table by path, and of the tables that its parts have besides.
#[derive(Default)]
pub struct Files {
    /// The numbers, where the unit's table was read.
    numbers: Option<HashMap<PathBuf, u64>>,
    next: u64,
    /// The files that come to be after the table's own.
    pub more: Vec<PathBuf>,
    others: Vec<Vec<OtherFile>>,
    /// The other tables by source and offset.
    by_place: HashMap<(usize, Option<usize>), usize>,
}

impl Files {
    /// Returns the number of a file in the line table of the unit `own`, which gets the file where it does not have it.
    pub fn number(&mut self, own: ReadUnit<'_, '_>, path: &PathBuf) -> Option<u64> {
        if self.numbers.is_none() {
            self.read(own)?;
        }
        let numbers = self.numbers.as_mut()?;
        if let Some(number) = numbers.get(path) {
            return Some(*number);
        }
        let number = self.next;
        self.next += 1;
        self.more.push(path.clone());
        numbers.insert(path.clone(), number);
        Some(number)
    }

    fn read(&mut self, own: ReadUnit<'_, '_>) -> Option<()> {
        let header = own.line_program.as_ref()?.header();
        // Before DWARF 5, the number 0 is no file of the table (DWARF 4, section 6.2.4).
        let is_implicit = header.version() <= 4;
        let numbers = self.numbers.insert(HashMap::new());
        for (number, path) in (0..).zip(files_of(own, header)) {
            if let Some(path) = path.filter(|_| number > 0 || !is_implicit) {
                numbers.entry(path).or_insert(number);
            }
        }
        self.next = header.file_names().len() as u64 + u64::from(is_implicit);
        Some(())
    }

    /// Returns the table of a type unit's files; `None` where it is that of the unit `own`. Both come with the number of their source.
    pub fn table(
        &mut self,
        own: ReadUnit<'_, '_>,
        own_source: usize,
        types: ReadUnit<'_, '_>,
        source: usize,
    ) -> Option<usize> {
        let offset = |unit: ReadUnit<'_, '_>| {
            let program = unit.line_program.as_ref()?;
            Some(program.header().offset().0)
        };
        let at = (source, offset(types));
        if at == (own_source, offset(own)) {
            return None;
        }
        if let Some(known) = self.by_place.get(&at) {
            return Some(*known);
        }
        let program = types.line_program.as_ref();
        let files = program.map_or_else(Vec::new, |it| files_of(types, it.header()));
        let files = files
            .into_iter()
            .map(|path| path.map_or(OtherFile::Unknown, OtherFile::Path));
        self.others.push(files.collect());
        self.by_place.insert(at, self.others.len() - 1);
        Some(self.others.len() - 1)
    }

    /// Returns the number in the line table of the unit `own` of a file that has a number in another table.
    pub fn translate(&mut self, own: ReadUnit<'_, '_>, table: usize, number: u64) -> Option<u64> {
        let index = usize::try_from(number).ok()?;
        let file = self.others[table].get_mut(index)?;
        let number = match std::mem::replace(file, OtherFile::Unknown) {
            OtherFile::Unknown => None,
            OtherFile::Number(number) => Some(number),
            OtherFile::Path(path) => self.number(own, &path),
        };
        if let Some(number) = number {
            self.others[table][index] = OtherFile::Number(number);
        }
        number
    }
}
