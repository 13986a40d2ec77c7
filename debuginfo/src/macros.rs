//! A unit's macros. Of DWARF 2 to 4 (`.debug_macinfo`), of GNU's extension of these, and of DWARF 5, they become a table of DWARF 5
//! (section 6.3) with the imported ones in it, as files and strings are then the unit's own.

use crate::budget::Budget;
use crate::source::{ReadDwarf, ReadUnit, Reader};
use crate::write::MacroTable;
use gimli::Section as _;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read, MacroEntry, MacroIter, MacroString};

/// The depth to which imports and files nest, as gdb follows them: compilers stop at 200 files.
const MAX_DEPTH: usize = 256;
/// The factor by which all tables together may exceed those of the input, since any number of units may import the same.
const GROWTH: usize = 8;

/// The bytes of tables that all units may still make.
pub(crate) struct Room(Budget);

impl Room {
    /// The room for what is read of some files' debug info.
    pub fn new<'r, 'd: 'r>(read: impl IntoIterator<Item = &'r ReadDwarf<'d>>) -> Room {
        let input = read.into_iter().map(|read| {
            let macros = read.debug_macro.reader().len();
            macros + read.debug_macinfo.reader().len()
        });
        Room(Budget::of_bytes(input.sum(), GROWTH, 0))
    }

    /// Takes so many bytes, if they are there.
    fn take(&self, bytes: usize) -> bool {
        self.0.take(bytes).is_some()
    }
}

/// The macros that a unit's root refers to.
#[derive(Default)]
pub(crate) struct Macros {
    pub table: MacroTable,
    /// The number of its definitions, or ends.
    pub count: usize,
    /// Why those after are not there.
    pub damage: Option<String>,
}

/// Returns true if an attribute leads to macros.
pub(crate) fn is_macros(name: gimli::DwAt) -> bool {
    matches!(
        name,
        dw::DW_AT_macros | dw::DW_AT_macro_info | dw::DW_AT_GNU_macros
    )
}

/// Reads the macros that an attribute of a unit's root leads to. `files` gives the number that a file has in the table, and `strings`
/// is where the unit's `.debug_str` begins in that which is written.
///
/// # Errors
/// Where there are none.
pub(crate) fn read<'d>(
    unit: ReadUnit<'_, 'd>,
    attr: &Attribute<Reader<'d>>,
    files: &dyn Fn(u64) -> Option<u64>,
    strings: usize,
    room: &Room,
) -> Result<Macros, String> {
    let first = match attr.value() {
        Read::DebugMacroRef(offset) => unit.dwarf.macros(offset),
        Read::DebugMacinfoRef(offset) => unit.dwarf.macinfo(offset),
        Read::SecOffset(offset) if attr.name() == dw::DW_AT_GNU_macros => {
            unit.dwarf.macros(gimli::DebugMacroOffset(offset))
        }
        _ => return Err("it is no place in a section of macros".to_owned()),
    };
    let mut reader = MacroReader {
        unit,
        files,
        strings,
        room,
        macros: Macros {
            table: MacroTable::new(),
            ..Macros::default()
        },
        depth: None,
    };
    // What is before the damage is there nevertheless.
    let result = reader.all(first.map_err(|error| error.to_string())?);
    reader.finish();
    Ok(Macros {
        damage: result.err(),
        ..reader.macros
    })
}

struct MacroReader<'a, 'd, 'r> {
    unit: ReadUnit<'a, 'd>,
    files: &'r dyn Fn(u64) -> Option<u64>,
    strings: usize,
    room: &'r Room,
    macros: Macros,
    /// The number of open files; nothing before the first.
    depth: Option<usize>,
}

impl<'d> MacroReader<'_, 'd, '_> {
    /// Reads a table and those that it imports.
    fn all(&mut self, first: MacroIter<Reader<'d>>) -> Result<(), String> {
        let mut open = vec![first];
        while let Some(macros) = open.last_mut() {
            let Some(entry) = macros.next().map_err(|error| error.to_string())? else {
                open.pop();
                continue;
            };
            if let MacroEntry::Import { offset } = entry {
                if open.len() == MAX_DEPTH {
                    return Err("they import each other".to_owned());
                }
                let imported = self.unit.dwarf.macros(offset);
                open.push(imported.map_err(|error| error.to_string())?);
            } else if !self.entry(entry)? {
                return Ok(());
            }
            // Each import is an entry, too.
            if !self.room.take(1) {
                return Err("they are too many".to_owned());
            }
        }
        Ok(())
    }

    /// Adds an entry; whether more may follow.
    fn entry(&mut self, entry: MacroEntry<Reader<'d>>) -> Result<bool, String> {
        match entry {
            MacroEntry::Define { line, text } => {
                self.text(dw::DW_MACRO_define, dw::DW_MACRO_define_strp, line, text)?;
            }
            MacroEntry::Undef { line, name } => {
                self.text(dw::DW_MACRO_undef, dw::DW_MACRO_undef_strp, line, name)?;
            }
            MacroEntry::StartFile { line, file } => {
                let depth = self.depth.map_or(1, |depth| depth + 1);
                let file = (self.files)(file).filter(|_| depth <= MAX_DEPTH);
                let file = file.ok_or("the line table has no such file")?;
                self.macros.table.start_file(line, file);
                self.depth = Some(depth);
            }
            // gdb has one file that is in no other, and fails if there are two.
            MacroEntry::EndFile => match self.depth {
                None | Some(0) => return Err("a file ends that did not begin".to_owned()),
                Some(depth) => {
                    self.macros.table.end_file();
                    self.depth = Some(depth - 1);
                    return Ok(depth > 1);
                }
            },
            MacroEntry::ImportSup { .. } => return Err("some are in another file".to_owned()),
            MacroEntry::Import { .. } | MacroEntry::VendorExt { .. } => {}
        }
        Ok(true)
    }

    fn text(
        &mut self,
        direct: gimli::DwMacro,
        by_place: gimli::DwMacro,
        line: u64,
        text: MacroString<Reader<'d>>,
    ) -> Result<(), String> {
        let place = match text {
            MacroString::Direct(text) => {
                if !self.room.take(text.len()) {
                    return Err("they are too many".to_owned());
                }
                self.macros.table.text(direct, line, text.slice());
                self.macros.count += 1;
                return Ok(());
            }
            MacroString::StringPointer(place) => place,
            MacroString::IndirectStringPointer(index) => {
                let place = self.unit.string_offset(index);
                place.map_err(|error| error.to_string())?
            }
            MacroString::Supplementary(_) => return Err("some are in another file".to_owned()),
        };
        if place.0 >= self.unit.dwarf.debug_str.reader().len() {
            return Err("a string is not there".to_owned());
        }
        let place = self.strings.wrapping_add(place.0) as u32;
        self.macros.table.string(by_place, line, place);
        self.macros.count += 1;
        Ok(())
    }

    /// Closes what is open.
    fn finish(&mut self) {
        for _ in 0..self.depth.unwrap_or(0) {
            self.macros.table.end_file();
        }
        self.macros.table.finish();
    }
}
