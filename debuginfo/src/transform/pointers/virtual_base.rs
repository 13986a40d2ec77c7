//! Bases of classes that lldb cannot place: virtual ones, whose place only the guest's tables say, where lldb would read 8-byte
//! addresses; and bases that have virtual ones, which are shorter in a class than alone. The class is shown without them, and
//! tells formatters by static members, `__base_0` and so on, of what type they are and where.

use crate::dies::{Die, is_virtual};
use crate::expr::decode::{Op, decode, member_offset};
use crate::transform::context::Context;
use crate::transform::convert::Entry;
use crate::transform::output::Output;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;
use std::collections::HashMap;

/// The bases not shown, counted by class.
#[derive(Default)]
pub(super) struct HiddenBases(HashMap<UnitEntryId, usize>);

/// The place of a base.
enum Place {
    /// Bytes after the object's begin.
    Offset(u64),
    /// Behind the object's begin as many bytes as is said so many bytes before what its first word points to
    /// (Itanium C++ ABI, section 2.5.2, virtual base offsets).
    Table(u64),
}

/// Returns true if an entry is such a base.
pub(super) fn is_hidden<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    entry.tag() == dw::DW_TAG_inheritance && cx.types.has_virtual_base(&cx.own(entry), 0)
}

impl HiddenBases {
    /// Describes the base in its class: a static member, by whose name formatters find it, as a class's types are not found by
    /// theirs. The name of its type says where the base is.
    pub fn add<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        entry: &Entry<'a, 'd>,
    ) {
        let (Some(class), Some(place)) = (entry.parent, place(cx, entry)) else {
            return;
        };
        let base = entry.attr_value(dw::DW_AT_type);
        let Some(Ok(base)) = base.map(|base| cx.reference(cx.unit, base)) else {
            return;
        };
        let count = self.0.entry(class).or_default();
        let member_name = format!("__base_{count}");
        *count += 1;
        let type_name = match place {
            Place::Offset(offset) => format!("wasm32_base_{offset}"),
            Place::Table(offset) => format!("wasm32_virtual_base_{offset}"),
        };
        let root = out.unit.root();
        let ty = out.unit.add(root, dw::DW_TAG_typedef);
        let mut alias = out.unit.get_mut(ty);
        alias.set(dw::DW_AT_name, AttributeValue::string(type_name));
        alias.set(dw::DW_AT_type, base);
        let member = out.unit.add(class, dw::DW_TAG_member);
        let mut member = out.unit.get_mut(member);
        member.set(dw::DW_AT_name, AttributeValue::string(member_name));
        member.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
        member.set(dw::DW_AT_external, AttributeValue::Flag(true));
        member.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
    }
}

fn place<'d>(cx: &Context<'_, '_, 'd>, inheritance: &Die<'d>) -> Option<Place> {
    let place = inheritance.attr_value(dw::DW_AT_data_member_location)?;
    if let Some(offset) = member_offset(place, cx.unit) {
        return (!is_virtual(inheritance)).then_some(Place::Offset(offset));
    }
    match place {
        Read::Exprloc(expression) => match decode(expression, cx.unit).ok()?[..] {
            [
                Op::Pick(0),
                Op::Deref(_),
                Op::Unsigned(offset),
                Op::Plain(dw::DW_OP_minus),
                Op::Deref(_),
                Op::Plain(dw::DW_OP_plus),
            ] => Some(Place::Table(offset)),
            _ => None,
        },
        _ => None,
    }
}
