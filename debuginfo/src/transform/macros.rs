//! A unit's macros, for gdb: lldb reads none.

use super::context::Context;
use super::output::Output;
use crate::code::Flavor;
use crate::expr::unlocatable::Unlocatable;
use crate::macros::read;
use crate::source::Reader;
use crate::write::AttributeValue;
use gimli::read::Attribute;

/// The macros that a unit's root refers to.
pub(super) fn macros<'d>(
    cx: &Context<'_, '_, 'd>,
    out: &mut Output,
    attr: &Attribute<Reader<'d>>,
) -> Result<Option<AttributeValue>, Unlocatable> {
    // Of two versions of the same one is enough.
    if cx.flavor() == Flavor::Lldb || out.macro_table.is_some() {
        return Ok(None);
    }
    let count = cx
        .line_files
        .ok_or("there is no line table that names their files")?;
    let files = |file| (file < count).then_some(file);
    let macros = read(cx.unit, attr, &files, 0, cx.room)?;
    out.macro_table = Some(macros.table);
    if let Some(reason) = macros.damage {
        let what = format!("macros are not all there: {reason}");
        out.warnings.lost(what, cx.unit.header.offset().0);
    }
    Ok(Some(AttributeValue::MacroTableRef))
}
