//! Each operation, by what its native form yields.

use super::{BASE, CFA, FRAME, Machine};
use crate::code::Flavor;
use crate::expr::decode::Op;
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use gimli::constants as dw;
use gimli::read::{Location, Value};
use gimli::{EndianSlice, LittleEndian, UnitOffset};

const I8: UnitOffset = UnitOffset(1);
const U32: UnitOffset = UnitOffset(2);
const I64: UnitOffset = UnitOffset(3);
const F32: UnitOffset = UnitOffset(4);
const I32: UnitOffset = UnitOffset(5);

/// -8 in 32 bits.
const MINUS_8: u64 = 0xffff_fff8;

fn value(ops: &[Op]) -> u64 {
    Machine::new().value(&[ops, &[Op::StackValue]].concat())
}

#[test]
fn constants_are_themselves() {
    assert_eq!(value(&[Op::Unsigned(7)]), 7);
    assert_eq!(value(&[Op::Signed(-8)]) as u32, MINUS_8 as u32);
}

#[test]
fn a_variable_in_a_local_is_in_its_home() {
    for (local, place) in [(0, 16), (1, 24), (2, 32)] {
        assert_eq!(value(&[Op::Local(local)]), CFA - place);
    }
}

#[test]
fn a_local_in_arithmetic_is_of_its_type() {
    assert_eq!(
        value(&[Op::Local(0), Op::PlusConstant(1)]) as u32,
        -7i32 as u32
    );
    let wide = [Op::Local(1), Op::Unsigned(32), Op::Plain(dw::DW_OP_shr)];
    assert_eq!(value(&wide), 1 << 8);
}

#[test]
fn what_is_wider_than_its_local_does_not_read_on() {
    let machine = Machine {
        size: Some(8),
        ..Machine::new()
    };
    assert_eq!(machine.value(&[Op::Local(0), Op::StackValue]), MINUS_8);
    assert_eq!(machine.value(&[Op::Local(1), Op::StackValue]), CFA - 24);
}

#[test]
fn a_local_without_a_home_is_named() {
    let reason = Machine::new().refusal(&[Op::Local(9), Op::StackValue], Purpose::Location);
    assert_eq!(reason, "local 9 has no home".into());
}

#[test]
fn operands_are_known_from_where_they_are_saved() {
    assert_eq!(value(&[Op::Stack(0)]), CFA - 40);
    assert_eq!(value(&[Op::Stack(0), Op::PlusConstant(2)]), 9);
    let machine = Machine::new();
    let until = machine.places().until(&[Op::Stack(0), Op::StackValue]);
    assert_eq!(until.map(|pc| pc.0), Some(20));
    let reason = machine.refusal(&[Op::Stack(1), Op::StackValue], Purpose::Location);
    assert!(
        reason
            .to_string()
            .contains("an operand that the stack does not have"),
        "{reason}"
    );
}

#[test]
fn entry_values_are_what_the_function_saved() {
    assert_eq!(value(&[Op::EntryLocal(0)]), CFA - 48);
    assert_eq!(value(&[Op::EntryLocal(0), Op::PlusConstant(1)]), 100);
}

#[test]
fn a_global_is_the_instance_s_but_a_frame_base_is_the_function_s() {
    assert_eq!(value(&[Op::Global(0), Op::PlusConstant(0)]), 64);
    let base = [Op::Global(0), Op::StackValue];
    assert_eq!(Machine::new().result(&base, Purpose::FrameBase), BASE + 32);
    let reason = Machine::new().refusal(&[Op::Global(3)], Purpose::FrameBase);
    assert_eq!(reason, "a global that the module does not have".into());
}

#[test]
fn frame_bases_are_addresses_with_and_without_stack_value() {
    let machine = Machine::new();
    for base in [&[Op::Local(0)][..], &[Op::Local(0), Op::StackValue]] {
        assert_eq!(machine.result(base, Purpose::FrameBase), BASE + MINUS_8);
    }
}

#[test]
fn addresses_are_in_the_memory() {
    let machine = Machine::new();
    assert_eq!(machine.value(&[Op::Address(0x100)]), BASE + 0x100);
    let member = [Op::Address(0x100), Op::PlusConstant(8)];
    assert_eq!(machine.value(&member), BASE + 0x108);
    // Some producers go back by adding.
    let before = [
        Op::Address(0x100),
        Op::Signed(-4),
        Op::Plain(dw::DW_OP_plus),
    ];
    assert_eq!(machine.value(&before), BASE + 0xfc);
    let dropped = machine.refusal(&[Op::Address(u64::from(u32::MAX))], Purpose::Location);
    assert_eq!(dropped, Unlocatable::DroppedData);
}

#[test]
fn the_frame_is_where_its_base_says() {
    let machine = Machine::new();
    assert_eq!(machine.value(&[Op::FrameOffset(12)]), BASE + FRAME + 12);
    // The value is the guest's address.
    assert_eq!(
        value(&[Op::FrameOffset(12), Op::PlusConstant(1)]),
        FRAME + 13
    );
    let reason = machine.refusal(&[Op::FrameOffset(0)], Purpose::FrameBase);
    assert_eq!(reason, "no frame base".into());
}

#[test]
fn what_is_read_is_as_wide_as_said() {
    let read = |op| value(&[Op::Unsigned(0x100), op]);
    assert_eq!(read(Op::Deref(1)), 0x11);
    assert_eq!(read(Op::Deref(2)), 0x2211);
    assert_eq!(read(Op::Deref(4)), 0x4433_2211);
    assert_eq!(read(Op::Deref(8)), 0x8877_6655_4433_2211);
    assert_eq!(read(Op::TypedDeref(4, U32)), 0x4433_2211);
    // An address is of 32 bits, whatever was computed.
    let far = [
        Op::Unsigned(0xff),
        Op::Unsigned((1 << 32) + 1),
        Op::Plain(dw::DW_OP_plus),
        Op::Deref(1),
    ];
    assert_eq!(value(&far), 0x11);
}

#[test]
fn the_stack_is_in_order() {
    let three = [Op::Unsigned(1), Op::Unsigned(2), Op::Unsigned(3)];
    let with = |more: &[Op]| value(&[&three[..], more].concat());
    assert_eq!(with(&[Op::Pick(0), Op::Plain(dw::DW_OP_plus)]), 6);
    assert_eq!(with(&[Op::Pick(2)]), 1);
    assert_eq!(with(&[Op::Plain(dw::DW_OP_drop)]), 2);
    assert_eq!(
        with(&[Op::Plain(dw::DW_OP_swap), Op::Plain(dw::DW_OP_minus)]),
        1
    );
    assert_eq!(with(&[Op::Plain(dw::DW_OP_rot)]), 2);
    assert_eq!(with(&[Op::Plain(dw::DW_OP_nop)]), 3);
}

#[test]
fn branches_lead_to_operations_and_to_the_end() {
    let choose = |condition| {
        value(&[
            Op::Unsigned(5),
            Op::Unsigned(condition),
            Op::Branch(5),
            Op::PlusConstant(10),
            Op::Skip(6),
            Op::PlusConstant(100),
        ])
    };
    assert_eq!((choose(0), choose(1)), (15, 105));
    let reason = Machine::new().refusal(&[Op::Skip(9), Op::StackValue], Purpose::Location);
    assert_eq!(reason, "a branch out of the expression".into());
}

#[test]
fn implicit_values_are_bytes() {
    let ops = [Op::Implicit(vec![1, 2, 3])];
    let pieces = Machine::new().pieces(&ops, Purpose::Location);
    let bytes = EndianSlice::new(&[1, 2, 3], LittleEndian);
    assert!(matches!(pieces[0].location, Location::Bytes { value } if value == bytes));
}

#[test]
fn values_have_the_types_that_they_are_converted_to() {
    // As LLVM widens a signed byte.
    let widened = [
        Op::Unsigned(0xf8),
        Op::Convert(Some(I8)),
        Op::Convert(Some(I32)),
    ];
    assert_eq!(value(&widened) as u32, MINUS_8 as u32);
    let generic = [&widened[..], &[Op::Convert(None), Op::PlusConstant(8)]].concat();
    assert_eq!(value(&generic) as u32, 0);
    let float = [
        Op::Local(2),
        Op::Convert(Some(U32)),
        Op::Reinterpret(Some(F32)),
    ];
    assert_eq!(value(&float), u64::from(1.5f32.to_bits()));
    let long = [Op::Typed(I64, (-3i64).to_le_bytes().to_vec())];
    assert_eq!(value(&long), -3i64 as u64);
    // As LLVM goes on with numbers of other widths, and gdb would not.
    let scaled = [
        Op::Local(1),
        Op::Convert(Some(U32)),
        Op::Convert(Some(I8)),
        Op::Unsigned(1000),
        Op::Plain(dw::DW_OP_mul),
        Op::Convert(Some(I32)),
    ];
    assert_eq!(value(&scaled) as i32, i32::from((5i8 as i32 * 1000) as i8));
    let negative = [Op::Unsigned(0xf8), Op::Convert(Some(I8))];
    let then = |more: &[Op]| value(&[&negative[..], more].concat()) as i8;
    let half = [Op::Unsigned(2), Op::Plain(dw::DW_OP_div)];
    assert_eq!(then(&half), -4);
    let rest = [Op::Unsigned(3), Op::Plain(dw::DW_OP_mod)];
    assert_eq!(then(&rest), -2);
    let shifted = [Op::Unsigned(1), Op::Plain(dw::DW_OP_shr)];
    assert_eq!(then(&shifted), 0x7c);
    let shifted = [Op::Unsigned(1), Op::Plain(dw::DW_OP_shra)];
    assert_eq!(then(&shifted), -4);
    let less = [Op::Unsigned(0), Op::Plain(dw::DW_OP_lt)];
    assert_eq!(then(&less), 1);
    assert_eq!(then(&[Op::PlusConstant(9)]), 1);
    assert_eq!(then(&[Op::Signed(-8), Op::Plain(dw::DW_OP_eq)]), 1);
    let reason = Machine::new().refusal(&[Op::Convert(Some(UnitOffset(77)))], Purpose::Location);
    assert_eq!(reason, "a base type that is not there".into());
}

#[test]
fn pieces_are_where_each_says() {
    let ops = [
        Op::Local(0),
        Op::StackValue,
        Op::Piece(32, None),
        Op::Address(0x100),
        Op::Piece(64, None),
        Op::Unsigned(3),
        Op::StackValue,
        Op::Piece(4, Some(0)),
    ];
    let pieces = Machine::new().pieces(&ops, Purpose::Location);
    let places: Vec<_> = pieces.iter().map(|it| &it.location).collect();
    assert!(matches!(places[0], Location::Address { address } if *address == CFA - 16));
    assert!(matches!(places[1], Location::Address { address } if *address == BASE + 0x100));
    assert!(matches!(
        places[2],
        Location::Value {
            value: Value::Generic(3)
        }
    ));
    let sizes: Vec<_> = pieces.iter().map(|it| it.size_in_bits).collect();
    assert_eq!(sizes, [Some(32), Some(64), Some(4)]);
}

#[test]
fn a_piece_that_is_wider_than_its_local_does_not_read_on() {
    let ops = [Op::Local(0), Op::StackValue, Op::Piece(64, None)];
    let pieces = Machine::new().pieces(&ops, Purpose::Location);
    assert!(matches!(
        pieces[0].location,
        Location::Value {
            value: Value::Generic(MINUS_8)
        }
    ));
}

#[test]
fn what_no_piece_is_of_is_not_there() {
    let short = [Op::Unsigned(3), Op::StackValue, Op::Piece(32, None)];
    let mut machine = Machine {
        size: Some(16),
        ..Machine::new()
    };
    let pieces = machine.pieces(&short, Purpose::Location);
    assert_eq!(pieces[1].size_in_bits, Some(96));
    assert!(matches!(pieces[1].location, Location::Empty));
    machine.code.flavor = Flavor::Lldb;
    let missing = [&[Op::Piece(96, None)], &short[..]].concat();
    for ops in [&short[..], &missing] {
        let reason = machine.refusal(ops, Purpose::Location);
        assert_eq!(reason, Unlocatable::MissingPart);
    }
}

#[test]
fn values_wider_than_the_stack_do_not_read_on() {
    let mut machine = Machine {
        size: Some(24),
        ..Machine::new()
    };
    // All of it was set to zeros.
    for zeros in [
        &[Op::Unsigned(0), Op::StackValue][..],
        &[Op::Signed(0), Op::StackValue, Op::Piece(192, None)],
    ] {
        let pieces = machine.pieces(zeros, Purpose::Location);
        let all = EndianSlice::new(&[0; 24], LittleEndian);
        assert!(matches!(pieces[0].location, Location::Bytes { value } if value == all));
        assert_eq!((pieces.len(), pieces[0].size_in_bits), (1, Some(192)));
    }
    for other in [
        &[Op::Unsigned(7), Op::StackValue][..],
        &[Op::Unsigned(7), Op::StackValue, Op::Piece(192, None)],
    ] {
        machine.code.flavor = Flavor::Gdb;
        let pieces = machine.pieces(other, Purpose::Location);
        assert!(matches!(
            pieces[0].location,
            Location::Value {
                value: Value::Generic(7)
            }
        ));
        assert!(matches!(pieces[1].location, Location::Empty));
        let sizes: Vec<_> = pieces.iter().map(|it| it.size_in_bits).collect();
        assert_eq!(sizes, [Some(64), Some(128)]);
        machine.code.flavor = Flavor::Lldb;
        machine.refusal(other, Purpose::Location);
    }
}

#[test]
fn members_are_as_far_from_the_host_s_object_as_from_the_guest_s() {
    // A virtual base's place is in a table that the object's first word leads to.
    let place = [Op::PlusConstant(0x18)];
    assert_eq!(Machine::new().result(&place, Purpose::Member), BASE + 0x58);
}

#[test]
fn values_of_calls_are_no_locations() {
    let machine = Machine::new();
    for ops in [&[Op::Unsigned(5)][..], &[Op::Unsigned(5), Op::StackValue]] {
        assert_eq!(machine.result(ops, Purpose::Value), 5);
    }
}

#[test]
fn pointers_are_the_host_s_and_null_stays_null() {
    let mut machine = Machine::new();
    assert_eq!(
        machine.result(&[Op::Unsigned(0x40), Op::StackValue], Purpose::Pointer),
        BASE + 0x40
    );
    assert_eq!(
        machine.result(&[Op::Unsigned(0), Op::StackValue], Purpose::Pointer),
        0
    );
    machine.set(BASE + 0x200, &0x300u32.to_le_bytes());
    assert_eq!(
        machine.result(&[Op::Address(0x200)], Purpose::Pointer),
        BASE + 0x300
    );
}

#[test]
fn what_has_no_native_form_is_named() {
    let machine = Machine::new();
    for (op, reason) in [
        (Op::Other("a machine register"), "a machine register"),
        (
            Op::ThreadLocal,
            "a thread's variable, of a module with threads",
        ),
        (Op::ObjectAddress, "DW_OP_push_object_address"),
    ] {
        assert_eq!(
            machine.refusal(&[op, Op::StackValue], Purpose::Location),
            Unlocatable::from(reason)
        );
    }
}
