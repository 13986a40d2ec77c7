//! Types that expressions of C and C++ name, in units whose DWARF does not have them: gdb would take its own, pointers to which are of the
//! host's size. (It takes its own `int` and `unsigned char` before it looks for the unit's; not `char` and `void`.)

use super::pointee::Pointees;
use crate::address::AddressSize;
use crate::dies::Die;
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;

/// Returns true if a type is `char`.
pub(super) fn is_char<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    entry.tag() == dw::DW_TAG_base_type && cx.own(entry).name().is_some_and(|name| name == "char")
}

/// Adds them, with `char` where the unit has none.
pub(super) fn name_types(
    out: &mut Output,
    pointees: &mut Pointees,
    size: AddressSize,
    has_char: bool,
) {
    name_type(out, pointees, size, dw::DW_TAG_unspecified_type, "void");
    if has_char {
        return;
    }
    let id = name_type(out, pointees, size, dw::DW_TAG_base_type, "char");
    let mut char = out.unit.get_mut(id);
    let signed = AttributeValue::Encoding(dw::DW_ATE_signed_char);
    char.set(dw::DW_AT_byte_size, AttributeValue::Data1(1));
    char.set(dw::DW_AT_encoding, signed);
}

fn name_type(
    out: &mut Output,
    pointees: &mut Pointees,
    size: AddressSize,
    tag: gimli::DwTag,
    name: &str,
) -> UnitEntryId {
    let root = out.unit.root();
    let id = out.add_named(root, tag, name);
    pointees.add_pointer(out, size, id);
    id
}
