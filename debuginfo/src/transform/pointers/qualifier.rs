//! Qualifiers of pointers for lldb. A class with qualifiers, `const int*`, would be called as a pointer to what is constant: a pointer
//! in memory with qualifiers is a class of its own, `int*const`; and variables have the qualifiers of their types.

use super::made::{MadeTypes, derived};
use crate::dies::{Die, DieRef, MAX_DEPTH, is_alias};
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::UnitEntryId;
use gimli::DwTag;
use gimli::constants as dw;

/// Returns true if a type is another one with a qualifier of C's.
fn is_qualifier(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_const_type | dw::DW_TAG_volatile_type | dw::DW_TAG_restrict_type
    )
}

/// The type that qualifiers are of.
pub(super) fn behind_qualifiers<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    mut ty: DieRef<'a, 'd>,
) -> Option<DieRef<'a, 'd>> {
    for _ in 0..MAX_DEPTH {
        if !is_qualifier(ty.entry.tag()) {
            return Some(ty);
        }
        ty = cx.types.type_of(&ty)?;
    }
    None
}

/// Returns true if a type is a pointer to data with qualifiers.
pub(super) fn is_qualified_pointer<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    is_qualifier(entry.tag())
        && behind_qualifiers(cx, cx.own(entry)).is_some_and(|it| {
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
