//! A unit's macros, for gdb: lldb reads none.

use super::unit::UnitTransform;
use crate::code::Flavor;
use crate::expr::unlocatable::Unlocatable;
use crate::macros::read;
use crate::source::Reader;
use crate::write::AttributeValue;
use gimli::read::Attribute;

impl<'d> UnitTransform<'_, '_, 'd> {
    /// The macros that a unit's root refers to.
    pub(super) fn macros(
        &mut self,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        // Of two versions of the same one is enough.
        if self.lookup.code.flavor == Flavor::Lldb || self.macro_table.is_some() {
            return Ok(None);
        }
        let line = self.line.as_ref();
        let count = line.ok_or("there is no line table that names their files")?;
        let count = count.files;
        let files = |file| (file < count).then_some(file);
        let macros = read(self.unit.read_unit, attr, &files, 0, self.room)?;
        self.macro_table = Some(macros.table);
        if let Some(reason) = macros.damage {
            let what = format!("macros are not all there: {reason}");
            self.warnings
                .lost(what, self.unit.read_unit.header.offset().0);
        }
        Ok(Some(AttributeValue::MacroTableRef))
    }
}
