//! Native expressions, evaluated as a debugger does: with values of 64 bits.

use super::decode::Op;
use super::emit::{Places, Purpose, emit};
use crate::address::HostAddress;
use crate::code::{CodeMap, Flavor};
use crate::write::Expression;
use gimli::constants as dw;
use gimli::read::{EvaluationResult, Location, Value};
use gimli::{DwOp, Encoding, EndianSlice, Format, LittleEndian};

const ENCODING: Encoding = Encoding {
    address_size: 8,
    format: Format::Dwarf32,
    version: 5,
};

fn code() -> CodeMap<'static> {
    CodeMap {
        module_name: "test",
        text: HostAddress(0)..HostAddress(0),
        functions: Vec::new(),
        trampolines: Vec::new(),
        eh_frame: (HostAddress(0), &[]),
        memories: vec![HostAddress(1 << 32)],
        table: Vec::new(),
        globals: Vec::new(),
        flavor: Flavor::Gdb,
        pointer_code: None,
    }
}

/// The value that the native form of an expression computes.
fn evaluate(ops: &[Op]) -> u64 {
    let code = code();
    let places = Places {
        code: &code,
        homes: None,
        frame_base: None,
    };
    let native = emit(Expression::new(), ops, &places, Purpose::Location, &|_| {
        None
    })
    .unwrap();
    let bytes = EndianSlice::new(native.bytes(), LittleEndian);
    let expression = gimli::read::Expression(bytes);
    let mut evaluation = expression.evaluation(ENCODING);
    assert_eq!(evaluation.evaluate().unwrap(), EvaluationResult::Complete);
    match evaluation.result()[0].location {
        Location::Value {
            value: Value::Generic(value),
        } => value,
        ref other => panic!("{other:?}"),
    }
}

const NUMBERS: [i32; 9] = [0, 1, 2, 7, 31, -1, -8, i32::MAX, i32::MIN];

/// What an operation computes of two numbers: the guest's, and the native form's low 32 bits.
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
