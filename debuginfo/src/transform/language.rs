//! The languages of units.

use crate::source::Reader;
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
