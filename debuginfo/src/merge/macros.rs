//! Macros: those of a split unit name files of a line table that is split with it, of which the skeleton's need not have all.

use super::files::files_of;
use super::unit::Assembly;
use crate::macros::read;
use crate::source::{ReadUnit, Reader, WarningKind};
use crate::write::stream::Entry;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};
use gimli::{DebugLineOffset, DebugMacroOffset, Section as _};

/// The flag of a table with an offset of its line table (DWARF 5, section 6.3.1).
const HAS_LINE_TABLE: u8 = 0b10;

impl<'a> Assembly<'_, 'a> {
    /// Copies the macros that an attribute of a part's root leads to.
    pub(super) fn macros(&mut self, entry: &mut Entry, part: usize, attr: &Attribute<Reader<'a>>) {
        // Of two versions of the same one is enough.
        if self.macro_table.is_some() {
            return;
        }
        let (unit, source) = (self.parts[part].unit, self.parts[part].source);
        let numbers = self.macro_files(part, attr);
        let files = |file: u64| match &numbers {
            Some(numbers) => numbers.get(usize::try_from(file).ok()?).copied()?,
            None => Some(file),
        };
        let strings = self.sources.list[source].strings;
        let damage = match read(unit, attr, &files, strings, self.room) {
            Ok(macros) => {
                let out = &mut self.merged.macros;
                self.macro_table = Some(out.len());
                entry.attribute(dw::DW_AT_macros, dw::DW_FORM_sec_offset);
                entry.values.word(out.len() as u32);
                out.extend(macros.table.into_bytes());
                macros.damage
            }
            Err(reason) => Some(reason),
        };
        if let Some(damage) = damage {
            let reason = match attr.value() {
                Read::DebugMacinfoRef(_) if unit.dwarf.debug_macinfo.reader().is_empty() => {
                    "llvm-dwp leaves them out of packages of DWARF 4"
                }
                _ => &damage,
            };
            let what = format!("macros are not all there: {reason}");
            let offset = self.parts[0].unit.header.offset().0;
            self.warnings.other(WarningKind::Missing, what, offset, 1);
        }
    }

    /// The numbers that files of a split unit's macros have in the unit's line table, which gets those that it does not have; `None`
    /// where macros name files of that table itself.
    fn macro_files(
        &mut self,
        part: usize,
        attr: &Attribute<Reader<'a>>,
    ) -> Option<Vec<Option<u64>>> {
        let (own, unit) = (self.parts[0].unit, self.parts[part].unit);
        if self.parts[part].source == 0 {
            return None;
        }
        let offset = line_table(unit, attr.value())?;
        let size = unit.encoding().address_size;
        let lines = &unit.dwarf.debug_line;
        // Where a skeleton is, its split unit does not say.
        let program = lines.program(offset, size, own.comp_dir, own.name);
        let program = program.ok()?;
        own.line_program.as_ref()?;
        let numbers = files_of(unit, program.header())
            .into_iter()
            .map(|path| self.files.number(own, &path?))
            .collect();
        Some(numbers)
    }

    /// Says in the macros' table where the unit's line table is.
    pub(super) fn finish_macros(&mut self) {
        if let (Some(table), Some(line)) = (self.macro_table, self.line) {
            crate::write::MacroTable::set_line(&mut self.merged.macros[table..], line);
        }
    }
}

/// The line table that macros of a unit name files of; `None` where there is none beside them.
fn line_table(unit: ReadUnit<'_, '_>, macros: Read<Reader<'_>>) -> Option<DebugLineOffset<usize>> {
    let at = match macros {
        Read::DebugMacroRef(DebugMacroOffset(offset)) | Read::SecOffset(offset) => {
            let table = unit.dwarf.debug_macro.reader().slice().get(offset..)?;
            // The version is before, and the offset after the flags.
            match table.get(2)? & HAS_LINE_TABLE {
                0 => 0,
                _ => u32::from_le_bytes(table.get(3..7)?.try_into().ok()?),
            }
        }
        _ => 0,
    };
    let is_there = !unit.dwarf.debug_line.reader().is_empty();
    is_there.then_some(DebugLineOffset(at as usize))
}
