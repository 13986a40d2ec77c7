//! Attributes by class: code, [locations](super::location), references that must be the debugger's own, and all others as they are.

use super::convert::{ConvertUnit, ConvertUnitEntry};
use super::unit::UnitTransform;
use super::variant::VARIANTS;
use crate::address::{HostAddress, WasmPc};
use crate::code::FUNCTION_ALIGNMENT;
use crate::expr::decode::member_offset;
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::source::Reader;
use crate::write::{
    Address, AttributeValue, Expression, Range as NativeRange, RangeList, UnitEntryId,
};
use gimli::DwAt;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};
use std::ops::Range;

/// Says what code an entry covers: one range, or a list. A unit's list has a base of 0.
pub(super) fn set_ranges(
    unit: &mut ConvertUnit<'_, Reader<'_>>,
    id: UnitEntryId,
    mut code: Vec<Range<HostAddress>>,
    root: bool,
) {
    code.retain(|range| range.start < range.end);
    code.sort_unstable_by_key(|range| range.start);
    // What is between the functions of a unit is nobody's: debuggers take time for each range.
    let gap = if root { FUNCTION_ALIGNMENT } else { 1 };
    code.dedup_by(|next, before| {
        let touch = next.start.0 < before.end.0.saturating_add(gap);
        if touch {
            before.end = before.end.max(next.end);
        }
        touch
    });
    let address = |address: HostAddress| Address::Constant(address.0);
    match &code[..] {
        [] => {}
        [range] => {
            let entry = unit.unit.get_mut(id);
            entry.set(
                dw::DW_AT_low_pc,
                AttributeValue::Address(address(range.start)),
            );
            entry.set(
                dw::DW_AT_high_pc,
                AttributeValue::Udata(range.end.0 - range.start.0),
            );
        }
        ranges => {
            let list = ranges.iter().map(|range| NativeRange::StartLength {
                begin: address(range.start),
                length: range.end.0 - range.start.0,
            });
            let list = unit.unit.ranges.add(RangeList(list.collect()));
            let entry = unit.unit.get_mut(id);
            if root {
                entry.set(
                    dw::DW_AT_low_pc,
                    AttributeValue::Address(Address::Constant(0)),
                );
            }
            entry.set(dw::DW_AT_ranges, AttributeValue::RangeListRef(list));
        }
    }
}

/// The name in DWARF 5 of an attribute that producers of DWARF 2 and 3 had to invent.
fn standard_name(name: DwAt) -> DwAt {
    match name {
        dw::DW_AT_MIPS_linkage_name => dw::DW_AT_linkage_name,
        dw::DW_AT_macro_info | dw::DW_AT_GNU_macros => dw::DW_AT_macros,
        name => name,
    }
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Converts one attribute of an entry, or warns of it.
    pub(super) fn attribute(
        &mut self,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
        attr: &Attribute<Reader<'d>>,
    ) {
        let value = match attr.name() {
            // Code is said by `code_ranges`.
            dw::DW_AT_low_pc | dw::DW_AT_high_pc | dw::DW_AT_ranges => return,
            dw::DW_AT_type if self.returns_in_memory(entry) => self.type_in_memory(id, entry, attr),
            // Debuggers would show it in place of the source's name.
            dw::DW_AT_linkage_name if self.is_main(entry, attr) => return,
            dw::DW_AT_macros | dw::DW_AT_macro_info | dw::DW_AT_GNU_macros => self.macros(attr),
            // About sections that are not written.
            dw::DW_AT_GNU_locviews | dw::DW_AT_GNU_pubnames | dw::DW_AT_GNU_pubtypes => return,
            dw::DW_AT_entry_pc | dw::DW_AT_call_pc => self.code_point(attr),
            dw::DW_AT_call_return_pc => self.return_point(attr),
            dw::DW_AT_frame_base => self.frame_base(entry, attr),
            dw::DW_AT_location => match self.location(entry, attr) {
                // An empty location says that there is none: without any, gdb looks for a symbol of what is external.
                Err(Unlocatable::DroppedData) => {
                    Ok(Some(AttributeValue::Exprloc(Expression::new())))
                }
                location => location,
            },
            dw::DW_AT_call_value
            | dw::DW_AT_call_data_value
            | dw::DW_AT_GNU_call_site_value
            | dw::DW_AT_GNU_call_site_data_value => self.computed(entry, attr, Purpose::Value),
            dw::DW_AT_call_target
            | dw::DW_AT_call_target_clobbered
            | dw::DW_AT_GNU_call_site_target
            | dw::DW_AT_GNU_call_site_target_clobbered => {
                Err("a called function is an index of a table".into())
            }
            // gdb has bit fields only where the place is a number.
            dw::DW_AT_data_member_location => {
                let is_computed = matches!(attr.value(), Read::Exprloc(_));
                match member_offset(attr.value(), entry.read_unit).filter(|_| is_computed) {
                    Some(offset) => Ok(Some(AttributeValue::Udata(offset))),
                    None => self.computed(entry, attr, Purpose::Member),
                }
            }
            // The place in a virtual table, which debuggers know by its operation.
            dw::DW_AT_vtable_elem_location => self
                .unit
                .convert_attribute_value(entry.read_unit, attr)
                .map(Some),
            dw::DW_AT_type
                if self.takes_native_pointer(entry) || self.takes_native_field_pointer(entry) =>
            {
                self.native_pointer_type(entry)
            }
            dw::DW_AT_const_value if self.mistakes_variants(entry) => Err(VARIANTS.into()),
            dw::DW_AT_const_value if self.takes_native_pointer(entry) => {
                self.native_pointer_value(attr)
            }
            dw::DW_AT_const_value if self.takes_native_field_pointer(entry) => {
                self.native_field_value(attr)
            }
            dw::DW_AT_type if self.has_pointee(entry) => self.pointee_type(entry, attr),
            _ => self.other(entry, attr),
        };
        match value {
            Ok(Some(value)) => {
                let name = standard_name(attr.name());
                self.unit.unit.get_mut(id).set(name, value);
            }
            Ok(None) => {}
            Err(reason) => self.warn_of_loss(entry, attr, &reason),
        }
    }

    /// Returns true if a linkage name is that of C's and C++'s `main` with arguments, which clang gives it for WebAssembly alone (basic C
    /// ABI of the tool conventions, "Program entry").
    pub(super) fn is_main(
        &self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
        linkage_name: &Attribute<Reader<'d>>,
    ) -> bool {
        let is = |value: Read<Reader<'d>>, name: &str| {
            let text = entry.read_unit.attr_string(value);
            text.is_ok_and(|text| text.slice() == name.as_bytes())
        };
        let name = entry.attr_value(dw::DW_AT_name);
        is(linkage_name.value(), "__main_argc_argv") && name.is_some_and(|name| is(name, "main"))
    }

    fn warn_of_loss(
        &mut self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
        attr: &Attribute<Reader<'d>>,
        reason: &Unlocatable,
    ) {
        // What is of code or data that was dropped has no place, and that is no loss.
        let is_dropped = self.function().is_some_and(|it| it.index.is_none());
        if is_dropped || *reason == Unlocatable::DroppedData {
            return;
        }
        let (name, tag) = (attr.name(), entry.tag());
        let what = format!("{name} of {tag} cannot be shown: {reason}");
        self.warnings.lost(what, self.offset(entry));
    }

    /// Converts an attribute that is neither code nor a location.
    pub(super) fn other(
        &mut self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        // A file's number in an abbreviation is one as well.
        if attr.form() == dw::DW_FORM_implicit_const
            && let (dw::DW_AT_decl_file | dw::DW_AT_call_file, Some(index)) =
                (attr.name(), attr.udata_value())
        {
            let file = self.unit.convert_file_index(entry.read_unit, index)?;
            return Ok(Some(AttributeValue::Udata(file)));
        }
        if let Read::Exprloc(_) = attr.value() {
            return self.computed(entry, attr, Purpose::Location);
        }
        self.unit
            .convert_attribute_value(entry.read_unit, attr)
            .map(Some)
    }

    /// The return address of a call, which is behind an instruction of the call's own.
    fn return_point(
        &mut self,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        let pc = self.unit.read_unit.attr_address(attr.value());
        let pc = pc?;
        let code = pc
            .and_then(WasmPc::from_dwarf)
            .and_then(|pc| self.return_address(pc));
        Ok(code.map(|address| AttributeValue::Address(Address::Constant(address.0))))
    }

    /// The return address of the call before an address.
    pub(super) fn return_address(&self, pc: WasmPc) -> Option<HostAddress> {
        let returns = &self.function()?.returns;
        let behind = returns.partition_point(|(call, _)| *call < pc);
        Some(returns.get(behind.checked_sub(1)?)?.1)
    }

    /// One address of code.
    fn code_point(
        &mut self,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        let address = self.unit.read_unit.attr_address(attr.value())?;
        let code = address
            .and_then(WasmPc::from_dwarf)
            .and_then(|pc| self.lookup.code_address(pc));
        Ok(code.map(|address| AttributeValue::Address(Address::Constant(address.0))))
    }
}
