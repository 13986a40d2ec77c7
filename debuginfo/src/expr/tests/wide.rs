//! Addresses of 64 bits (memory64), by what their native forms yield.

use super::memory;
use super::{BASE, FRAME, Machine};
use crate::address::AddressSize;
use crate::expr::decode::Op;
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use gimli::constants as dw;

/// A base that is no multiple of 4 GiB, as a memory of 64 bits has room for more than that.
const WIDE_BASE: u64 = 0x7f12_0001_0000;

/// An address that 32 bits have no room for.
const FAR: u64 = 0x1_2345_6780;

fn machine() -> Machine {
    let mut machine = Machine {
        addresses: AddressSize::Eight,
        ..Machine::new()
    };
    machine.code.memories = vec![memory(WIDE_BASE)];
    machine.set(WIDE_BASE + FAR, &0x1122_3344_5566_7788u64.to_le_bytes());
    machine
}

#[test]
fn addresses_are_not_cut() {
    assert_eq!(machine().value(&[Op::Address(FAR)]), WIDE_BASE + FAR);
    let computed = [Op::Unsigned(FAR), Op::PlusConstant(8)];
    assert_eq!(machine().value(&computed), WIDE_BASE + FAR + 8);
}

#[test]
fn dropped_data_is_what_64_bits_say() {
    for (address, dropped) in [(u64::MAX, true), (u64::MAX - 1, true), (0xffff_ffff, false)] {
        let location = [Op::Address(address)];
        match dropped {
            true => assert_eq!(
                machine().refusal(&location, Purpose::Location),
                Unlocatable::DroppedData
            ),
            false => assert_eq!(machine().value(&location), WIDE_BASE + address),
        }
    }
}

#[test]
fn a_local_of_64_bits_is_an_address() {
    // What local 1 is: 2^40 + 5.
    let there = [Op::Local(1), Op::PlusConstant(3)];
    assert_eq!(machine().value(&there), WIDE_BASE + (1 << 40) + 8);
}

#[test]
fn pointers_of_8_bytes_are_read_whole() {
    let read = [Op::Unsigned(FAR), Op::Deref(8), Op::StackValue];
    assert_eq!(machine().value(&read), 0x1122_3344_5566_7788);
    let pointer = machine().result(&[Op::Address(FAR)], Purpose::Pointer);
    assert_eq!(pointer, WIDE_BASE.wrapping_add(0x1122_3344_5566_7788));
}

#[test]
fn numbers_of_64_bits_are_not_cut() {
    let sum = [
        Op::Unsigned(u64::from(u32::MAX)),
        Op::PlusConstant(1),
        Op::StackValue,
    ];
    assert_eq!(machine().value(&sum), 1 << 32);
}

/// The frame base is the host's, and what is computed from it the guest's: here its memory is at 4 GiB.
#[test]
fn places_in_the_frame_are_the_guest_s() {
    let mut machine = machine();
    machine.code.memories = vec![memory(BASE)];
    machine.set(BASE + FRAME + 8, &0x40u64.to_le_bytes());
    assert_eq!(machine.value(&[Op::FrameOffset(8)]), BASE + FRAME + 8);
    let through = [Op::FrameOffset(8), Op::Deref(8)];
    assert_eq!(machine.value(&through), BASE + 0x40);
}

/// A virtual base, whose distance a table says that the object's first word leads to; from the object at either address.
#[test]
fn members_are_as_far_from_the_object_as_in_the_guest() {
    let mut machine = machine();
    machine.code.memories = vec![memory(BASE)];
    machine.set(BASE + 0x40, &0x100u64.to_le_bytes());
    machine.set(BASE + 0x100 - 24, &48u64.to_le_bytes());
    let ops = [
        Op::Pick(0),
        Op::Deref(8),
        Op::Unsigned(24),
        Op::Plain(dw::DW_OP_minus),
        Op::Deref(8),
        Op::Plain(dw::DW_OP_plus),
    ];
    assert_eq!(machine.result(&ops, Purpose::Member), BASE + 0x40 + 48);
}
