//! Functions that a debugger would call wrongly are not to be called.
//!
//! * One that returns a structure in memory takes the place of it as a parameter, which its type does not say: it would write to
//!   wherever its first argument points, and what it returns would be looked for at a place of the host's.
//! * A virtual method is found by a table of 4-byte indices, which debuggers take for 8-byte addresses; and lldb, to which it is
//!   not virtual at all, would call the static type's.
//!
//! gdb knows an attribute for that, and says so. lldb does not: there such a function returns a type that is only declared, of which
//! Clang says that nobody can call it, and a virtual method is called by a symbol that nobody has, and that says why.

use super::convert::ConvertUnitEntry;
use super::unit::UnitTransform;
use crate::code::Flavor;
use crate::source::Reader;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};

type Entry<'a, 'd> = ConvertUnitEntry<'a, Reader<'d>>;

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Marks a function that must not be called (DWARF 5, section 3.3.1.1).
    pub(super) fn check_calls(&mut self, id: UnitEntryId, entry: &Entry<'a, 'd>) {
        let returns = self.type_at(self.unit.read_unit, entry).is_some();
        // On others gdb would not show what they return either.
        if returns && self.returns_in_memory(entry) {
            self.unit.unit.get_mut(id).set(
                dw::DW_AT_calling_convention,
                AttributeValue::CallingConvention(dw::DW_CC_nocall),
            );
        }
        if self.lookup.code.flavor == Flavor::Lldb {
            self.check_virtual_calls(id, entry);
        }
    }

    /// lldb calls a method by the linkage name that it is declared with in its class, and names its frames by that of its definition.
    fn check_virtual_calls(&mut self, id: UnitEntryId, entry: &Entry<'a, 'd>) {
        let unit = self.unit.read_unit;
        let is_virtual = |entry: &super::pointer::Die<'d>| {
            let virtuality = entry.attr_value(dw::DW_AT_virtuality);
            matches!(virtuality, Some(Read::Virtuality(it)) if it != dw::DW_VIRTUALITY_none)
        };
        let symbol = if is_virtual(entry) {
            // Without what lldb would take for parameters or scopes, and look for the rest of.
            let name = self.name(&self.here(entry)).unwrap_or_default();
            let name = match name.contains(['(', ':']) {
                true => String::new(),
                false => format!(" '{name}'"),
            };
            format!("the virtual method{name}, of which only the program knows which one is meant")
        } else if entry.attr_value(dw::DW_AT_linkage_name).is_some() {
            // Its own, which of a destructor is not declared: it stands for several functions (Itanium C++ ABI, section 5.1.4.3).
            return;
        } else {
            let declared = entry.attr_value(dw::DW_AT_specification);
            let declared = declared.and_then(|declared| self.there(unit, declared));
            let declared = declared.filter(|declared| is_virtual(&declared.entry));
            let Some(symbol) = declared.and_then(|declared| self.name_of(&declared)) else {
                return;
            };
            symbol
        };
        let symbol = AttributeValue::String(symbol.into());
        self.unit
            .unit
            .get_mut(id)
            .set(dw::DW_AT_linkage_name, symbol);
    }

    /// The type of what a function returns in memory.
    pub(super) fn type_in_memory(
        &mut self,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, String> {
        if self.lookup.code.flavor == Flavor::Gdb {
            return self.other(entry, attr);
        }
        let ty = self.type_of(&self.here(entry));
        let mut name = self.type_name(ty.as_ref(), 0);
        // lldb looks for a definition by name, even of what is declared in a function, and no entry has such a name.
        let bare = self.bare_type(self.unit.read_unit, entry);
        let keyword = match bare.map(|bare| bare.entry.tag()) {
            Some(dw::DW_TAG_class_type) => "class ",
            Some(dw::DW_TAG_union_type) => "union ",
            Some(dw::DW_TAG_structure_type) => "struct ",
            // Numbers that lldb does not know are structures by their own names (number.rs).
            Some(dw::DW_TAG_base_type) => {
                name.push_str(" in memory");
                ""
            }
            _ => "",
        };
        // C's types have it already.
        if !name.starts_with(keyword) {
            name.insert_str(0, keyword);
        }
        let declared = self.unit.unit.add(id, dw::DW_TAG_structure_type);
        let entry = self.unit.unit.get_mut(declared);
        entry.set(dw::DW_AT_name, AttributeValue::String(name.into()));
        entry.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
        Ok(Some(AttributeValue::UnitRef(declared)))
    }
}
