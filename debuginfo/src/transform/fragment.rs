//! Variables for the members of a variable that lldb can be shown only in part: each member that is there becomes a variable of its
//! own, `point.x`, and the whole has no location there.

use super::availability::Fragment;
use super::context::Context;
use super::location::locate_fragments;
use super::output::Output;
use super::pointers::PointerModel;
use super::scopes::Scopes;
use crate::dies::Die;
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;

/// Adds variables for the members of a variable that are available.
pub(super) fn add_fragments<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    scopes: &Scopes,
    out: &mut Output,
    model: &mut dyn PointerModel<'a, 'd>,
    variable: UnitEntryId,
    entry: &Die<'d>,
    mut fragments: Vec<Fragment<'a, 'd>>,
) {
    // Those of one member one after the other.
    fragments.sort_by(|one, other| (one.at, &one.path).cmp(&(other.at, &other.path)));
    for same in fragments.chunk_by(|one, other| one.path == other.path) {
        if let Err(reason) = add_fragment(cx, scopes, out, model, variable, entry, same) {
            let what = format!("a member of a variable cannot be shown: {reason}");
            out.warnings.lost(what, cx.offset(entry));
        }
    }
}

fn add_fragment<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    scopes: &Scopes,
    out: &mut Output,
    model: &mut dyn PointerModel<'a, 'd>,
    variable: UnitEntryId,
    entry: &Die<'d>,
    same: &[Fragment<'a, 'd>],
) -> Result<(), Unlocatable> {
    let (Some(first), Some(declared)) = (same.first(), cx.types.declared(cx.unit, entry)) else {
        return Ok(());
    };
    cx.spend_members(declared.name.len())
        .ok_or("its name is too long for so many members")?;
    let pointer = cx.types.pointer_type(first.of.unit, &first.of.entry);
    let ty = match &pointer {
        Some(pointer) => AttributeValue::UnitRef(model.native_pointer(cx, out, pointer)?),
        None => {
            let ty = first.of.entry.attr_value(dw::DW_AT_type);
            cx.reference(first.of.unit, ty.ok_or("it has no type")?)?
        }
    };
    let purpose = match pointer {
        Some(_) => Purpose::Pointer,
        None => Purpose::Location,
    };
    let list = locate_fragments(cx, scopes, same, purpose)?;
    let Some(list) = out.location_list(list) else {
        return Ok(());
    };
    let unit = &mut out.unit;
    let parent = unit.get(variable).parent().unwrap_or(unit.root());
    let fragment = unit.add(parent, dw::DW_TAG_variable);
    let mut fragment = unit.get_mut(fragment);
    let name = [declared.name.slice(), first.path.as_bytes()].concat();
    fragment.set(dw::DW_AT_name, AttributeValue::string(name));
    if let Some(line) = declared.line {
        fragment.set(dw::DW_AT_decl_line, AttributeValue::Udata(line));
    }
    if declared.is_artificial {
        fragment.set(dw::DW_AT_artificial, AttributeValue::Flag(true));
    }
    fragment.set(dw::DW_AT_type, ty);
    fragment.set(dw::DW_AT_location, list);
    Ok(())
}
