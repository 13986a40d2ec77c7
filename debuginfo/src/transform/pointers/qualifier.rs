//! Qualifiers of pointers for lldb. A class with qualifiers, `const int*`, would be called as a pointer to what is constant: a pointer
//! in memory with qualifiers is a class of its own, `int*const`; and variables have the qualifiers of their types.

use super::made::{MadeTypes, derived};
use crate::dies::{Die, MAX_DEPTH, is_alias, is_qualifier};
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::UnitEntryId;
use gimli::constants as dw;

/// Returns true if a type is a pointer to data with qualifiers.
pub(super) fn is_qualified_pointer<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    is_qualifier(entry.tag())
        && cx.types.behind_qualifiers(cx.own(entry)).is_some_and(|it| {
            it.entry.tag() == dw::DW_TAG_pointer_type && !cx.types.is_function(&it)
        })
}

/// Gives a pointer of the host's size the qualifiers of a variable's type.
pub(super) fn qualified<'d>(
    cx: &Context<'_, '_, 'd>,
    out: &mut Output,
    made: &mut MadeTypes,
    variable: &Die<'d>,
    native: UnitEntryId,
) -> UnitEntryId {
    let mut names = Vec::new();
    let mut ty = cx.types.type_at(cx.unit, variable);
    while let Some(found) = ty.take_if(|it| is_alias(it.entry.tag()) && names.len() < MAX_DEPTH) {
        ty = cx.types.type_of(&found);
        names.push(found);
    }
    names.iter().rev().fold(native, |inner, found| {
        let tag = found.entry.tag();
        match found.offset() {
            Some(key) if is_qualifier(tag) => *made
                .native
                .entry(key)
                .or_insert_with(|| derived(out, tag, inner)),
            _ => inner,
        }
    })
}
