//! Types with variants, as Rust's enums, whose values are not in memory. gdb 13 finds out which variant there is, and then takes the
//! members of the first one for its members (`rust_language::print_enum`): it shows other values, or ends where the first has fewer.

use super::context::Context;
use crate::code::Flavor;
use crate::dies::Die;
use crate::expr::decode::Op;

/// Why such a value is not shown.
pub(super) const VARIANTS: &str = "gdb takes a variant that is not in memory for another one";

/// Returns true if the debugger would show another variant of the value at the operations' address.
pub(super) fn mistakes_variants_at<'d>(
    cx: &Context<'_, '_, 'd>,
    entry: &Die<'d>,
    ops: &[Op],
) -> bool {
    let is_in_memory = match ops {
        // A local is in a frame of the host's.
        [Op::Local(_), Op::StackValue] => true,
        ops => !ops.iter().any(|op| {
            matches!(
                op,
                Op::StackValue | Op::Piece(..) | Op::Implicit(_) | Op::ImplicitPointer(..)
            )
        }),
    };
    !is_in_memory && mistakes_variants(cx, entry)
}

/// Returns true if the debugger would show another variant of a value that is not in memory.
pub(super) fn mistakes_variants<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    cx.flavor() == Flavor::Gdb
        && cx
            .type_of(entry)
            .is_some_and(|ty| cx.types.has_variants(&ty, 0))
}
