//! The ends of classes with virtual bases: an object's own bases tell, as it may be of a class derived from the one that is known.

use crate::dies::{DieRef, MAX_DEPTH, is_virtual};
use crate::expr::decode::member_offset;
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::source::{ReadUnit, Reader};
use crate::transform::context::Context;
use crate::transform::expression::Expressions;
use crate::write::Expression;
use gimli::constants as dw;
use gimli::read::{self, AttributeValue as Read};

/// The most that a class may cost: bases, and expressions that say where they are.
const MOST: usize = 4 * MAX_DEPTH;

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

/// A step from an object to one of its bases.
enum Step<'a, 'd> {
    /// Bytes behind the object's begin.
    Offset(u64),
    /// The place that an expression of this unit computes.
    Place(read::Expression<Reader<'d>>, ReadUnit<'a, 'd>),
}

/// The virtual bases of a class, as they are found.
pub(super) struct VirtualEnds<'c, 'u, 'a, 'd> {
    cx: &'c Context<'u, 'a, 'd>,
    /// From the object to the base that is looked at.
    path: Vec<Step<'a, 'd>>,
    /// The number of bases that were looked at, and of expressions that were written.
    bases: usize,
    out: Expression,
}

/// Returns the end of a class, from the object's start: that of its virtual bases, if one is beyond the class's own size. gdb reads no
/// further than the class is long, and the object may be of a class derived from it. `None` without virtual bases.
pub(super) fn virtual_end<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    class: &DieRef<'a, 'd>,
) -> Result<Option<Expression>, Unlocatable> {
    let mut out = Expression::new();
    out.op_constu(said_size(class).unwrap_or(0));
    let mut ends = VirtualEnds {
        cx,
        path: Vec::new(),
        bases: 0,
        out,
    };
    let any = ends.find(class)?;
    Ok(any.then_some(ends.out))
}

impl<'a, 'd> VirtualEnds<'_, '_, 'a, 'd> {
    /// Returns true if a class, to which the path leads, has virtual bases.
    fn find(&mut self, class: &DieRef<'a, 'd>) -> Result<bool, Unlocatable> {
        let mut any = false;
        let mut tree = class.unit.entries_tree(Some(class.entry.offset()))?;
        let mut children = tree.root()?.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            if entry.tag() != dw::DW_TAG_inheritance {
                continue;
            }
            self.count(1)?;
            let Some(base) = self.cx.types.type_at(class.unit, entry) else {
                continue;
            };
            let place = entry.attr_value(dw::DW_AT_data_member_location);
            let constant = place.and_then(|place| member_offset(place, class.unit));
            let step = match (place, constant) {
                (_, Some(at)) => Step::Offset(at),
                (Some(Read::Exprloc(place)), None) => Step::Place(place, class.unit),
                _ => continue,
            };
            let is_virtual = matches!(step, Step::Place(..));
            self.path.push(step);
            if is_virtual {
                let size = self.own_size(&base)?;
                self.end_of_base(size.unwrap_or(0))?;
            }
            any |= is_virtual | self.find(&base)?;
            self.path.pop();
        }
        Ok(any)
    }

    /// Counts what a class costs.
    fn count(&mut self, more: usize) -> Result<(), Unlocatable> {
        self.bases += more;
        match self.bases > MOST {
            true => Err("a class of too many bases".into()),
            false => Ok(()),
        }
    }

    /// Adds the end of the base to which the path leads.
    fn end_of_base(&mut self, size: u64) -> Result<(), Unlocatable> {
        self.count(self.path.len())?;
        let expressions = Expressions {
            cx: self.cx,
            function: None,
        };
        let out = &mut self.out;
        out.op(dw::DW_OP_push_object_address);
        for step in &self.path {
            match step {
                Step::Offset(at) => out.op_plus_uconst(*at),
                Step::Place(place, unit) => {
                    let before = std::mem::replace(out, Expression::new());
                    *out = expressions.expression_onto(before, *place, *unit, Purpose::Member)?;
                }
            }
        }
        out.op(dw::DW_OP_push_object_address);
        out.op(dw::DW_OP_minus);
        out.op_plus_uconst(size);
        larger(out);
        Ok(())
    }

    /// The bytes of a base's part of an object: without its virtual bases, which are elsewhere in the object, and by which its class
    /// alone is longer.
    fn own_size(&mut self, class: &DieRef<'a, 'd>) -> Result<Option<u64>, Unlocatable> {
        let said = said_size(class);
        if !self.cx.types.has_virtual_bases(class, 0) {
            return Ok(said);
        }
        let mut end = 0;
        let mut tree = class.unit.entries_tree(Some(class.entry.offset()))?;
        let mut children = tree.root()?.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            let size = match entry.tag() {
                dw::DW_TAG_member if entry.attr(dw::DW_AT_external).is_none() => {
                    self.cx.types.byte_size(class.unit, entry)
                }
                dw::DW_TAG_inheritance if !is_virtual(entry) => {
                    self.count(1)?;
                    match self.cx.types.type_at(class.unit, entry) {
                        Some(base) => self.own_size(&base)?,
                        None => None,
                    }
                }
                _ => continue,
            };
            let place = entry.attr_value(dw::DW_AT_data_member_location);
            let at = place.and_then(|place| member_offset(place, class.unit));
            // A bit field's begin is counted in bits.
            let bits = entry.attr(dw::DW_AT_data_bit_offset);
            let at = at.or(bits.and_then(|it| it.udata_value()).map(|bits| bits / 8));
            let (Some(size), Some(at)) = (size, at) else {
                return Ok(said);
            };
            end = at.saturating_add(size).max(end);
        }
        Ok(Some(said.map_or(end, |said| end.min(said))))
    }
}

fn said_size(class: &DieRef<'_, '_>) -> Option<u64> {
    let size = class.entry.attr(dw::DW_AT_byte_size);
    size.and_then(|it| it.udata_value())
}
