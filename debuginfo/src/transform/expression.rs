//! Expressions of the module in their native form, at one place.

use super::context::Context;
use super::number::is_replaced_number;
use super::scopes::Function;
use crate::address::WasmPc;
use crate::code::DebugSlots;
use crate::expr::base_type::BaseType;
use crate::expr::decode::{Op, decode};
use crate::expr::emit::{Entries, Places, Purpose, emit};
use crate::expr::unlocatable::Unlocatable;
use crate::source::{ReadUnit, Reader};
use crate::write::Expression as Native;
use gimli::constants as dw;
use gimli::read::{AttributeValue as Read, Expression};

/// Converts expressions as they count in a function, or outside of functions.
#[derive(Clone, Copy)]
pub(super) struct Expressions<'c, 'u, 'a, 'd> {
    pub cx: &'c Context<'u, 'a, 'd>,
    pub function: Option<&'c Function>,
}

impl<'u, 'a, 'd> Expressions<'_, 'u, 'a, 'd> {
    /// The homes of the function.
    pub fn slots(&self) -> Option<&'u DebugSlots> {
        self.function?.slots(self.cx)
    }

    /// The native form of an expression that counts wherever its entry does.
    pub fn expression(
        &self,
        expression: Expression<Reader<'d>>,
        purpose: Purpose,
    ) -> Result<Native, Unlocatable> {
        self.expression_onto(Native::new(), expression, self.cx.unit, purpose)
    }

    /// The same of any unit's, after operations that are there.
    pub fn expression_onto(
        &self,
        out: Native,
        expression: Expression<Reader<'d>>,
        unit: ReadUnit<'a, 'd>,
        purpose: Purpose,
    ) -> Result<Native, Unlocatable> {
        let ops = decode(expression, unit)?;
        let is_own = unit.header.offset() == self.cx.unit.header.offset();
        if !is_own && ops.iter().any(Op::names_type) {
            return Err("a base type of another unit".into());
        }
        let size = None;
        self.emit_onto(out, &ops, &self.places(None, size), purpose)
    }

    pub fn emit_onto(
        &self,
        out: Native,
        ops: &[Op],
        places: &Places<'_>,
        purpose: Purpose,
    ) -> Result<Native, Unlocatable> {
        let base_type = |offset| {
            let id = self.cx.ids.convert_unit_ref(offset).ok()?;
            let entry = self.cx.unit.entry(offset).ok()?;
            if is_replaced_number(self.cx, &entry) {
                return None;
            }
            let number = |name| entry.attr(name).and_then(|it| it.udata_value());
            let bytes = || number(dw::DW_AT_byte_size)?.checked_mul(8);
            let Some(Read::Encoding(encoding)) = entry.attr_value(dw::DW_AT_encoding) else {
                return None;
            };
            let bits = number(dw::DW_AT_bit_size).or_else(bytes)?;
            let bits = u32::try_from(bits).ok().filter(|bits| *bits > 0)?;
            Some(BaseType { id, encoding, bits })
        };
        let entries = Entries {
            base_type: &base_type,
            any: &|entry| self.cx.ids.convert_debug_info_ref(entry).ok(),
        };
        emit(out, ops, places, purpose, entries)
    }

    pub fn places(&self, from: Option<WasmPc>, size: Option<u64>) -> Places<'_> {
        Places {
            code: self.cx.code(),
            slots: self.slots(),
            has_frame_base: self.function.is_some_and(|it| it.has_frame_base),
            from,
            size,
            only_padding_is_missing: false,
            addresses: self.cx.address_size(),
        }
    }
}
