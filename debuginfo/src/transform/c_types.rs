//! Types that expressions of C and C++ name, in units whose DWARF does not have them: gdb would take its own, pointers to which are of the
//! host's size. (It takes its own `int` and `unsigned char` before it looks for the unit's; not `char` and `void`.)

use super::unit::UnitTransform;
use crate::dies::Die;
use crate::source::Reader;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// Returns true if a unit's language is C.
pub(super) fn is_c(language: Option<Read<Reader<'_>>>) -> bool {
    matches!(
        language,
        Some(Read::Language(
            dw::DW_LANG_C89 | dw::DW_LANG_C | dw::DW_LANG_C99 | dw::DW_LANG_C11 | dw::DW_LANG_C17
        ))
    )
}

/// Returns true if it is C++.
pub(super) fn is_cpp(language: Option<Read<Reader<'_>>>) -> bool {
    matches!(
        language,
        Some(Read::Language(
            dw::DW_LANG_C_plus_plus
                | dw::DW_LANG_C_plus_plus_03
                | dw::DW_LANG_C_plus_plus_11
                | dw::DW_LANG_C_plus_plus_14
                | dw::DW_LANG_C_plus_plus_17
                | dw::DW_LANG_C_plus_plus_20
        ))
    )
}

impl<'d> UnitTransform<'_, '_, 'd> {
    pub(super) fn is_char(&self, entry: &Die<'d>) -> bool {
        entry.tag() == dw::DW_TAG_base_type
            && self
                .name(&self.here(entry))
                .is_some_and(|name| name == "char")
    }

    /// Adds them.
    pub(super) fn name_types(&mut self) {
        self.name_type(dw::DW_TAG_unspecified_type, "void");
        if self.pointees.has_char {
            return;
        }
        let id = self.name_type(dw::DW_TAG_base_type, "char");
        let char = self.unit.unit.get_mut(id);
        let signed = AttributeValue::Encoding(dw::DW_ATE_signed_char);
        char.set(dw::DW_AT_byte_size, AttributeValue::Data1(1));
        char.set(dw::DW_AT_encoding, signed);
    }

    fn name_type(&mut self, tag: gimli::DwTag, name: &str) -> UnitEntryId {
        let root = self.unit.unit.root();
        let id = self.unit.unit.add(root, tag);
        let name = AttributeValue::String(name.into());
        self.unit.unit.get_mut(id).set(dw::DW_AT_name, name);
        self.add_pointer(id);
        id
    }
}
