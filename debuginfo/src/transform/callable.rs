//! Functions that a debugger would call wrongly are not to be called.
//!
//! * One that returns a structure in memory takes the place of it as a parameter, which its type does not say: it would write to
//!   wherever its first argument points.
//! * A virtual method is found by a table of 4-byte indices, which debuggers take for 8-byte addresses; and lldb, to which it is
//!   not virtual at all, would call the static type's.

use super::convert::ConvertUnitEntry;
use super::unit::UnitTransform;
use crate::code::Flavor;
use crate::source::Reader;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Marks a function that must not be called (DWARF 5, section 3.3.1.1).
    pub(super) fn check_calls(
        &mut self,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) {
        let in_memory =
            self.returns_in_memory(entry) && self.type_at(self.unit.read_unit, entry).is_some();
        let is_virtual = matches!(
            entry.attr_value(dw::DW_AT_virtuality),
            Some(Read::Virtuality(it)) if it != dw::DW_VIRTUALITY_none
        );
        if !(in_memory || is_virtual) {
            return;
        }
        // On others gdb would not show what they return either.
        if in_memory {
            self.unit.unit.get_mut(id).set(
                dw::DW_AT_calling_convention,
                AttributeValue::CallingConvention(dw::DW_CC_nocall),
            );
        }
        // A method's declaration is what lldb knows its type by.
        if self.lookup.code.flavor == Flavor::Lldb && entry.attr(dw::DW_AT_specification).is_none()
        {
            self.uncallable.push(id);
        }
    }

    /// lldb does not know the attribute, but counts arguments: one more than anybody gives. Behind the others, as the first of a
    /// method must be `this`.
    pub(super) fn finish_calls(&mut self) {
        for function in std::mem::take(&mut self.uncallable) {
            let number = self.number_type();
            let more = self.unit.unit.add(function, dw::DW_TAG_formal_parameter);
            let more = self.unit.unit.get_mut(more);
            more.set(
                dw::DW_AT_name,
                AttributeValue::String(b"__not_callable".to_vec()),
            );
            more.set(dw::DW_AT_type, AttributeValue::UnitRef(number));
        }
    }
}
