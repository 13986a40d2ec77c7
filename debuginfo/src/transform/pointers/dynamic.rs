//! Expressions that make a type dynamic to gdb.

use crate::address::{AddressSize, HostAddress};
use crate::write::Expression;
use gimli::constants as dw;

/// Returns the address of an object that gdb expects at a guest's address: at the memory's base, unless the address is the host's already.
/// The host's are beyond 32 bits; and none of a guest's of 64 bits is as far as the base of its own memory.
pub(super) fn at_base(base: HostAddress, size: AddressSize) -> Expression {
    let mut expression = Expression::new();
    expression.op(dw::DW_OP_push_object_address);
    expression.op(dw::DW_OP_dup);
    match size {
        AddressSize::Four => {
            expression.op_constu(32);
            expression.op(dw::DW_OP_shr);
        }
        AddressSize::Eight => {
            expression.op_constu(base.0);
            expression.op(dw::DW_OP_ge);
        }
    }
    let hosts = expression.op_bra();
    expression.op_constu(base.0);
    expression.op(dw::DW_OP_plus);
    let end = expression.next_index();
    expression.set_target(hosts, end);
    expression
}

/// Returns the number of an array's elements, which is so many bytes before them: of an object of WebAssembly, whose elements gdb expects
/// at their distance from the heap's base or has found.
pub(super) fn count_before(base: HostAddress, distance: u64) -> Expression {
    let mut expression = at_base(base, AddressSize::Four);
    expression.op_constu(distance);
    expression.op(dw::DW_OP_minus);
    expression.op_deref_size(4);
    expression
}

/// An expression that makes a type dynamic, and otherwise changes nothing, as its DW_AT_associated.
pub(super) fn always() -> Expression {
    let mut expression = Expression::new();
    expression.op(dw::DW_OP_lit1);
    expression
}
