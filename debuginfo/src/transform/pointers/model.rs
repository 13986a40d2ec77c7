//! The questions that the conversion of a unit asks about pointers. A debugger's answers are a file.

use crate::address::AddressSize;
use crate::dies::{Die, DieRef};
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::source::Reader;
use crate::transform::context::Context;
use crate::transform::convert::Entry;
use crate::transform::output::Output;
use crate::transform::scopes::Scopes;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};

/// The way in which a debugger is shown a guest's pointers.
pub(crate) trait PointerModel<'a, 'd> {
    /// Returns true if an entry is written in another form.
    fn replaces(&self, cx: &Context<'_, 'a, 'd>, entry: &Entry<'a, 'd>) -> bool;

    /// Writes what stands for an entry that [is replaced](Self::replaces).
    fn replace(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
    );

    /// Returns the purpose of an entry's location: another one than [`Purpose::Location`] for variables whose value the debugger gets in
    /// the host's form.
    fn purpose(&self, cx: &Context<'_, 'a, 'd>, scopes: &Scopes, entry: &Entry<'a, 'd>) -> Purpose;

    /// The type of such a variable.
    fn variable_type(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        entry: &Entry<'a, 'd>,
    ) -> Result<AttributeValue, Unlocatable>;

    /// A pointer of the host's size to the target of a guest's pointer.
    fn native_pointer(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointer: &DieRef<'a, 'd>,
    ) -> Result<UnitEntryId, Unlocatable>;

    /// The target of a pointer type, where that is not the module's.
    fn target(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointer: &Entry<'a, 'd>,
    ) -> Result<Option<AttributeValue>, Unlocatable>;

    /// Completes an entry that is written as it is.
    fn finish_entry(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
    );

    /// Completes the unit, when all entries are written.
    fn finish_unit(&mut self, cx: &Context<'_, 'a, 'd>, out: &mut Output);
}

/// Returns true if an entry is a variable whose value may be another one than what the guest has in memory. Of an inlined function,
/// what all its instances are of says the type; of a method, its class, by which a debugger may call it.
pub(super) fn has_value(scopes: &Scopes, entry: &Die<'_>, is_parameter_for_calls: bool) -> bool {
    let says_value = [
        dw::DW_AT_location,
        dw::DW_AT_const_value,
        dw::DW_AT_artificial,
    ];
    matches!(
        entry.tag(),
        dw::DW_TAG_formal_parameter | dw::DW_TAG_variable
    ) && (scopes.function().is_some_and(|it| it.is_abstract)
        || is_parameter_for_calls
        || says_value.iter().any(|name| entry.attr(*name).is_some()))
}

/// The constant that a variable is, in the host's form.
pub(crate) fn native_value<'d>(
    cx: &Context<'_, '_, 'd>,
    attr: &Attribute<Reader<'d>>,
    purpose: Purpose,
) -> Result<AttributeValue, Unlocatable> {
    match purpose {
        Purpose::FieldPointer => native_field_value(cx, attr),
        _ => native_pointer_value(cx, attr),
    }
}

/// The constant of a pointer: null, or at the memory's base.
fn native_pointer_value<'d>(
    cx: &Context<'_, '_, 'd>,
    attr: &Attribute<Reader<'d>>,
) -> Result<AttributeValue, Unlocatable> {
    let guest = match attr.value() {
        Read::Sdata(value) => value as u64,
        _ => attr.udata_value().ok_or("it is no number")?,
    };
    let guest = match cx.address_size() {
        AddressSize::Four => u64::from(guest as u32),
        AddressSize::Eight => guest,
    };
    let memory = cx.code().dwarf_memory();
    let memory = memory.ok_or("an address in a module without a memory")?;
    let value = match guest {
        0 => 0,
        guest => memory.base.0.wrapping_add(guest),
    };
    Ok(AttributeValue::Data8(value))
}

/// The constant of a pointer to a data member.
fn native_field_value<'d>(
    cx: &Context<'_, '_, 'd>,
    attr: &Attribute<Reader<'d>>,
) -> Result<AttributeValue, Unlocatable> {
    let value = attr.sdata_value().ok_or("it is no number")?;
    let value = match cx.address_size() {
        AddressSize::Four => i64::from(value as i32),
        AddressSize::Eight => value,
    };
    Ok(AttributeValue::Data8(value.cast_unsigned()))
}
