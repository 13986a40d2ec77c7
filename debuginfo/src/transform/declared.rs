//! The lines that functions are declared at: what the instructions before a function's body belong to, as in native line tables.

use crate::dies::Die;
use crate::source::{ReadUnit, StringRoom, entry_at};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// The place of a function's declaration, by the numbers of its unit's line table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Declared {
    pub file: u32,
    pub line: u32,
}

/// The place where the function of an entry is declared: what the entry says, or what it completes or is an instance of, in its unit.
pub(super) fn declared<'d>(
    unit: ReadUnit<'_, 'd>,
    entry: &Die<'d>,
    room: &StringRoom,
) -> Option<Declared> {
    own(entry).or_else(|| {
        let reference = [dw::DW_AT_abstract_origin, dw::DW_AT_specification].into_iter();
        let referred = reference.filter_map(|name| entry.attr_value(name)).next();
        match referred {
            Some(Read::UnitRef(offset)) => own(&entry_at(unit, offset, room)?),
            _ => None,
        }
    })
}

fn own(entry: &Die<'_>) -> Option<Declared> {
    let file = match entry.attr_value(dw::DW_AT_decl_file)? {
        Read::FileIndex(file) => u32::try_from(file).ok()?,
        _ => return None,
    };
    let line = entry.attr_value(dw::DW_AT_decl_line)?.udata_value()?;
    let line = u32::try_from(line).ok().filter(|line| *line != 0)?;
    Some(Declared { file, line })
}
