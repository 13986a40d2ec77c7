//! Numbers that a debugger would read wrongly. It takes what it does not know for an integer, or for a float of the host's: the guest's
//! long double is of IEEE's 128 bits, the host's of 80 in as many bytes.
//!
//! gdb knows the other kind by its name. All else is shown as its bytes, in a structure of the type's name: nobody takes those for a
//! number, and expressions do not compute with them.

use super::context::Context;
use super::convert::Entry;
use super::output::Output;
use crate::code::Flavor;
use crate::dies::Die;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// A long double of IEEE's 128 bits.
const QUAD: u64 = 16;

/// The name by which gdb knows it.
const QUAD_OF_GDB: &str = "_Float128";

/// The debugger's treatment of a base type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Known,
    Quad,
    /// Two of these.
    ComplexQuad,
    /// So many bytes.
    Unknown(u64),
}

/// Returns the debugger's treatment of a base type of this unit.
pub(super) fn number<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> Number {
    let size = entry.attr(dw::DW_AT_byte_size);
    let size = size.and_then(|size| size.udata_value());
    let encoding = entry.attr_value(dw::DW_AT_encoding);
    let (Some(size), Some(Read::Encoding(encoding))) = (size, encoding) else {
        return Number::Known;
    };
    let has = |name| entry.attr(name).is_some();
    let is_known = match encoding {
        dw::DW_ATE_float if size == QUAD => return Number::Quad,
        dw::DW_ATE_complex_float if size == 2 * QUAD => return Number::ComplexQuad,
        // The other float of 2 bytes, of Google Brain's, has the range of one of 4.
        dw::DW_ATE_float if size == 2 => {
            let name = cx.own(entry).name().unwrap_or_default();
            !name.to_ascii_lowercase().contains("bf")
        }
        dw::DW_ATE_float => matches!(size, 4 | 8),
        dw::DW_ATE_complex_float => matches!(size, 8 | 16),
        dw::DW_ATE_signed | dw::DW_ATE_unsigned => size <= 16,
        // clang does not say where the point is.
        dw::DW_ATE_signed_fixed | dw::DW_ATE_unsigned_fixed => {
            let scales = [
                dw::DW_AT_binary_scale,
                dw::DW_AT_decimal_scale,
                dw::DW_AT_small,
            ];
            cx.flavor() == Flavor::Gdb && scales.into_iter().any(has)
        }
        dw::DW_ATE_imaginary_float
        | dw::DW_ATE_packed_decimal
        | dw::DW_ATE_numeric_string
        | dw::DW_ATE_edited => false,
        _ => true,
    };
    match is_known {
        true => Number::Known,
        false => Number::Unknown(size),
    }
}

/// Returns true if a base type is shown as something else, so that no expression can compute with it.
pub(super) fn is_replaced_number<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    entry.tag() == dw::DW_TAG_base_type
        && match number(cx, entry) {
            Number::Known => false,
            Number::Quad => cx.flavor() == Flavor::Lldb,
            Number::ComplexQuad | Number::Unknown(_) => true,
        }
}

/// Writes what stands for a base type.
pub(super) fn replaced_number<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Entry<'a, 'd>,
) {
    let parent = entry.parent.unwrap_or(out.unit.root());
    let name = cx.own(entry).name().unwrap_or_default();
    match number(cx, entry) {
        Number::Known => {}
        Number::Quad => bytes(out, id, parent, &name, QUAD),
        Number::Unknown(size) => bytes(out, id, parent, &name, size),
        Number::ComplexQuad => {
            let part = out.unit.reserve();
            let root = out.unit.root();
            match cx.flavor() {
                Flavor::Gdb => {
                    out.unit.add_reserved(part, root, dw::DW_TAG_base_type);
                    base(out, part, QUAD_OF_GDB, QUAD, dw::DW_ATE_float);
                }
                Flavor::Lldb => bytes(out, part, root, "long double", QUAD),
            }
            structure(out, id, parent, &name, 2 * QUAD);
            member(out, id, "real", part, 0);
            member(out, id, "imag", part, QUAD);
        }
    }
}

/// Names a base type as the debugger knows it.
pub(super) fn finish_number<'d>(
    cx: &Context<'_, '_, 'd>,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Die<'d>,
) {
    if cx.flavor() == Flavor::Gdb && number(cx, entry) == Number::Quad {
        let name = AttributeValue::string(QUAD_OF_GDB);
        out.unit.get_mut(id).set(dw::DW_AT_name, name);
    }
}

/// A structure of nothing but bytes.
fn bytes(out: &mut Output, id: UnitEntryId, parent: UnitEntryId, name: &str, size: u64) {
    let unit = &mut out.unit;
    let root = unit.root();
    let byte = unit.add(root, dw::DW_TAG_base_type);
    let array = unit.add(root, dw::DW_TAG_array_type);
    let mut entry = unit.get_mut(array);
    entry.set(dw::DW_AT_type, AttributeValue::UnitRef(byte));
    let dimension = unit.add(array, dw::DW_TAG_subrange_type);
    let mut entry = unit.get_mut(dimension);
    entry.set(dw::DW_AT_count, AttributeValue::Udata(size));
    base(out, byte, "uint8_t", 1, dw::DW_ATE_unsigned);
    structure(out, id, parent, name, size);
    member(out, id, "bytes", array, 0);
}

fn base(out: &mut Output, id: UnitEntryId, name: &str, size: u64, encoding: gimli::DwAte) {
    let mut entry = out.unit.get_mut(id);
    entry.set(dw::DW_AT_name, AttributeValue::string(name));
    entry.set(dw::DW_AT_byte_size, AttributeValue::Udata(size));
    entry.set(dw::DW_AT_encoding, AttributeValue::Encoding(encoding));
}

fn structure(out: &mut Output, id: UnitEntryId, parent: UnitEntryId, name: &str, size: u64) {
    let unit = &mut out.unit;
    unit.add_reserved(id, parent, dw::DW_TAG_structure_type);
    let mut entry = unit.get_mut(id);
    entry.set(dw::DW_AT_name, AttributeValue::string(name));
    entry.set(dw::DW_AT_byte_size, AttributeValue::Udata(size));
}

fn member(out: &mut Output, of: UnitEntryId, name: &str, ty: UnitEntryId, offset: u64) {
    let id = out.unit.add(of, dw::DW_TAG_member);
    let mut entry = out.unit.get_mut(id);
    entry.set(dw::DW_AT_name, AttributeValue::string(name));
    entry.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
    entry.set(
        dw::DW_AT_data_member_location,
        AttributeValue::Udata(offset),
    );
}
