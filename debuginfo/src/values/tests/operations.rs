//! Operations of expressions, evaluated.

use super::*;
use crate::address::AddressSize;
use crate::values::evaluate::{Context, Location, evaluate};

/// Evaluates an expression, with a frame base of 0x200 and operands kept from address 12 on.
fn evaluated(ops: &[Op]) -> Option<Location> {
    let context = Context {
        machine: &machine(),
        frame_base: Some(0x200),
        addresses: AddressSize::Four,
        from: Some(WasmPc(12)),
    };
    evaluate(ops, context)
}

fn value(ops: &[Op]) -> Vec<u8> {
    match evaluated(&[ops, &[Op::StackValue]].concat()) {
        Some(Location::Bytes(bytes)) => bytes,
        other => panic!("{other:?}"),
    }
}

fn with(left: Op, right: Op, op: gimli::DwOp) -> Vec<u8> {
    value(&[left, right, Op::Plain(op)])
}

fn narrow(value: i32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn wide(value: i64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

#[test]
fn operations_are_of_the_guest_s_width() {
    // Local 0 is -8.
    for (op, right, expected) in [
        (dw::DW_OP_plus, 3, -5),
        (dw::DW_OP_minus, 3, -11),
        (dw::DW_OP_mul, 3, -24),
        (dw::DW_OP_div, 3, -2),
        // Without a sign: 4,294,967,288.
        (dw::DW_OP_mod, 3, 2),
        (dw::DW_OP_and, 12, 8),
        (dw::DW_OP_or, 1, -7),
        (dw::DW_OP_xor, 1, -7),
        (dw::DW_OP_shl, 1, -16),
        (dw::DW_OP_shr, 1, 0x7fff_fffc),
        (dw::DW_OP_shra, 1, -4),
        (dw::DW_OP_lt, 3, 1),
        (dw::DW_OP_le, 3, 1),
        (dw::DW_OP_gt, 3, 0),
        (dw::DW_OP_ge, 3, 0),
        (dw::DW_OP_eq, 3, 0),
        (dw::DW_OP_ne, 3, 1),
    ] {
        assert_eq!(
            with(Op::Local(0), Op::Unsigned(right), op),
            narrow(expected),
            "{op}"
        );
    }
    for (op, expected) in [
        (dw::DW_OP_le, 1),
        (dw::DW_OP_ge, 1),
        (dw::DW_OP_lt, 0),
        (dw::DW_OP_gt, 0),
        (dw::DW_OP_eq, 1),
    ] {
        assert_eq!(
            with(Op::Local(0), Op::Local(0), op),
            narrow(expected),
            "{op}"
        );
    }
}

#[test]
fn operands_have_the_width_of_what_they_are_made_of() {
    // An i64 makes it one.
    let sum = with(Op::Local(1), Op::Local(1), dw::DW_OP_plus);
    assert_eq!(sum, wide(1 << 41));
    assert_eq!(
        with(Op::Local(1), Op::Unsigned(33), dw::DW_OP_shr),
        wide(1 << 7)
    );
    assert_eq!(value(&[Op::Local(0), Op::Plain(dw::DW_OP_neg)]), narrow(8));
    assert_eq!(value(&[Op::Local(0), Op::Plain(dw::DW_OP_not)]), narrow(7));
    let swapped = [
        Op::Local(0),
        Op::Unsigned(3),
        Op::Plain(dw::DW_OP_swap),
        Op::Plain(dw::DW_OP_minus),
    ];
    assert_eq!(value(&swapped), narrow(11));
    assert_eq!(
        value(&[Op::Local(0), Op::Unsigned(3), Op::Plain(dw::DW_OP_drop)]),
        narrow(-8)
    );
    assert_eq!(
        value(&[Op::Local(0), Op::Unsigned(3), Op::Pick(1)]),
        narrow(-8)
    );
    assert_eq!(value(&[Op::Address(0x100), Op::Deref(4)]), narrow(42));
    assert_eq!(value(&[Op::Address(0x100), Op::Deref(8)]), wide(42));
    assert_eq!(value(&[Op::Stack(0), Op::PlusConstant(2)]), narrow(9));
}

#[test]
fn what_cannot_be_computed_is_nothing() {
    let impossible: [&[Op]; 7] = [
        &[Op::Local(2), Op::Unsigned(1), Op::Plain(dw::DW_OP_plus)],
        &[Op::Local(2)],
        &[Op::Local(0), Op::Unsigned(0), Op::Plain(dw::DW_OP_div)],
        &[Op::Local(0), Op::Unsigned(32), Op::Plain(dw::DW_OP_shl)],
        &[Op::Plain(dw::DW_OP_plus)],
        &[Op::Stack(1)],
        &[Op::Skip(0)],
    ];
    for ops in impossible {
        assert_eq!(evaluated(ops), None, "{ops:?}");
    }
}

#[test]
fn branches_go_where_they_say() {
    let either = |condition| {
        evaluated(&[
            Op::Unsigned(condition),
            Op::Branch(4),
            Op::Unsigned(0x10),
            Op::Skip(5),
            Op::Unsigned(0x20),
            Op::Plain(dw::DW_OP_nop),
        ])
    };
    assert_eq!(either(0), Some(Location::Memory(0x10)));
    assert_eq!(either(1), Some(Location::Memory(0x20)));
}

#[test]
fn pieces_are_put_together() {
    let value = [Op::Local(0), Op::StackValue, Op::Piece(32, None)];
    let memory = [Op::FrameOffset(8), Op::Piece(16, None)];
    let all = [&value[..], &memory].concat();
    let bytes = [&words(&[-8])[..], &[0xfb, 0xff]].concat();
    assert_eq!(evaluated(&all), Some(Location::Bytes(bytes)));
    let gap = [&value[..], &[Op::Piece(32, None)]].concat();
    assert_eq!(evaluated(&gap), None);
    let bits = [Op::Local(0), Op::StackValue, Op::Piece(3, None)];
    assert_eq!(evaluated(&bits), None);
    let shifted = [Op::Local(0), Op::StackValue, Op::Piece(8, Some(8))];
    assert_eq!(evaluated(&shifted), None);
    // Behind the last piece is nothing.
    let rest = [&value[..], &[Op::Local(0)]].concat();
    assert_eq!(evaluated(&rest), None);
}
