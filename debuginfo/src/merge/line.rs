//! Skeletons that stay alone: they have a name only in their line tables.

use super::files::path;
use super::unit::Assembly;
use crate::write::stream::Entry;
use gimli::constants as dw;

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
