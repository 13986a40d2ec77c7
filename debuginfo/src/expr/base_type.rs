//! The types of values on the stack of an expression.

use crate::write::UnitEntryId;
use gimli::DwAte;
use gimli::constants as dw;

/// A base type that operations refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BaseType {
    /// The native entry.
    pub id: UnitEntryId,
    /// The encoding of its values.
    pub encoding: DwAte,
    /// Its size.
    pub bits: u32,
}

impl BaseType {
    /// Returns true if numbers have a sign; `None` for those that are not whole.
    pub fn sign(self) -> Option<bool> {
        match self.encoding {
            dw::DW_ATE_signed | dw::DW_ATE_signed_char => Some(true),
            dw::DW_ATE_unsigned
            | dw::DW_ATE_unsigned_char
            | dw::DW_ATE_boolean
            | dw::DW_ATE_address
            | dw::DW_ATE_UTF => Some(false),
            _ => None,
        }
    }
}

/// The width of the values on the stack, in the guest's terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Width {
    /// The generic type: 32 bits, held with zeros above.
    Address,
    /// 64 bits: something that is read is as wide.
    Long,
    /// An integer's, held with zeros or its sign above.
    Integer(BaseType, bool),
    /// A floating point number's, which debuggers know.
    Float,
}
