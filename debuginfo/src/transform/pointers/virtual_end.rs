//! Where classes with virtual bases end: an object's own bases say, as it may be of a class derived from the one that is known.

use crate::dies::{DieRef, MAX_DEPTH};
use crate::expr::decode::member_offset;
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::transform::context::Context;
use crate::transform::expression::Expressions;
use crate::write::Expression;
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// Of two values on the stack leaves the larger.
fn larger(out: &mut Expression) {
    out.op(dw::DW_OP_over);
    out.op(dw::DW_OP_over);
    out.op(dw::DW_OP_gt);
    let first = out.op_bra();
    out.op(dw::DW_OP_swap);
    let end = out.next_index();
    out.set_target(first, end);
    out.op(dw::DW_OP_drop);
}

/// Returns the end of the virtual bases of a class, from the object's start, if that is beyond what is on the stack of `out`: gdb reads
/// no further than the class is long, and the object may be of a class derived from it. Whether there are any.
pub(super) fn virtual_ends<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    class: &DieRef<'a, 'd>,
    offset: u64,
    bases: &mut usize,
    out: &mut Expression,
) -> Result<bool, Unlocatable> {
    let mut any = false;
    let expressions = Expressions { cx, function: None };
    let tree = class.unit.entries_tree(Some(class.entry.offset()));
    let mut tree = tree?;
    let mut children = tree.root()?.children();
    while let Some(child) = children.next()? {
        let entry = child.entry();
        if entry.tag() != dw::DW_TAG_inheritance {
            continue;
        }
        *bases += 1;
        if *bases > MAX_DEPTH {
            return Err("a class of too many bases".into());
        }
        let Some(base) = cx.types.type_at(class.unit, entry) else {
            continue;
        };
        let place = entry.attr_value(dw::DW_AT_data_member_location);
        let constant = place.and_then(|place| member_offset(place, class.unit));
        let found = match (place, constant) {
            (_, Some(at)) => {
                let at = offset.wrapping_add(at);
                virtual_ends(cx, &base, at, bases, out)?
            }
            (Some(Read::Exprloc(place)), None) => {
                let size = base
                    .entry
                    .attr(dw::DW_AT_byte_size)
                    .and_then(|it| it.udata_value());
                out.op(dw::DW_OP_push_object_address);
                out.op_plus_uconst(offset);
                let before = std::mem::replace(out, Expression::new());
                *out = expressions.expression_onto(before, (place, class.unit), Purpose::Member)?;
                out.op(dw::DW_OP_push_object_address);
                out.op(dw::DW_OP_minus);
                out.op_plus_uconst(size.unwrap_or(0));
                larger(out);
                true
            }
            _ => false,
        };
        any |= found;
    }
    Ok(any)
}
