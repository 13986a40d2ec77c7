//! Guest arithmetic is of 32 bits, the debugger's of 64.

use super::Machine;
use crate::expr::decode::Op;
use gimli::DwOp;
use gimli::constants as dw;

fn evaluate(ops: &[Op]) -> u64 {
    Machine::new().value(ops)
}

const NUMBERS: [i32; 9] = [0, 1, 2, 7, 31, -1, -8, i32::MAX, i32::MIN];

/// Asserts an operation's result on two numbers: the guest's, and the native form's low 32 bits.
fn assert_binary(op: DwOp, expected: impl Fn(i32, i32) -> Option<i32>) {
    for a in NUMBERS {
        for b in NUMBERS {
            let Some(expected) = expected(a, b) else {
                continue;
            };
            let [left, right] = [a, b].map(|number| Op::Signed(number.into()));
            let ops = [left, right, Op::Plain(op), Op::StackValue];
            assert_eq!(evaluate(&ops) as u32, expected as u32, "{a} {op} {b}");
        }
    }
}

#[test]
fn arithmetic_is_of_32_bits() {
    assert_binary(dw::DW_OP_plus, |a, b| Some(a.wrapping_add(b)));
    assert_binary(dw::DW_OP_minus, |a, b| Some(a.wrapping_sub(b)));
    assert_binary(dw::DW_OP_mul, |a, b| Some(a.wrapping_mul(b)));
    assert_binary(dw::DW_OP_div, i32::checked_div);
    assert_binary(dw::DW_OP_mod, i32::checked_rem);
    assert_binary(dw::DW_OP_and, |a, b| Some(a & b));
    assert_binary(dw::DW_OP_or, |a, b| Some(a | b));
    assert_binary(dw::DW_OP_xor, |a, b| Some(a ^ b));
    let shift = |b: i32| u32::try_from(b).ok().filter(|bits| *bits < 32);
    assert_binary(dw::DW_OP_shl, |a, b| Some(a << shift(b)?));
    assert_binary(dw::DW_OP_shr, |a, b| Some((a as u32 >> shift(b)?) as i32));
    assert_binary(dw::DW_OP_shra, |a, b| Some(a >> shift(b)?));
}

#[test]
fn comparisons_have_a_sign() {
    assert_binary(dw::DW_OP_lt, |a, b| Some((a < b).into()));
    assert_binary(dw::DW_OP_le, |a, b| Some((a <= b).into()));
    assert_binary(dw::DW_OP_gt, |a, b| Some((a > b).into()));
    assert_binary(dw::DW_OP_ge, |a, b| Some((a >= b).into()));
    assert_binary(dw::DW_OP_eq, |a, b| Some((a == b).into()));
    assert_binary(dw::DW_OP_ne, |a, b| Some((a != b).into()));
}

#[test]
fn numbers_with_a_sign_and_without_are_the_same_32_bits() {
    for (op, expected) in [
        (dw::DW_OP_abs, 8u64),
        (dw::DW_OP_neg, 8),
        (dw::DW_OP_not, 7),
    ] {
        for eight in [Op::Signed(-8), Op::Unsigned(u64::from(-8i32 as u32))] {
            let ops = [eight, Op::Plain(op), Op::StackValue];
            assert_eq!(evaluate(&ops), expected, "{op}");
        }
    }
}
