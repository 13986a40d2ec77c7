//! DWARF bytes → operations.

use super::ENCODING;
use crate::expr::decode::{Op, decode};
use gimli::constants as dw;
use gimli::read::{AttributeValue, Expression};
use gimli::write::{self, Dwarf, EndianVec, LineProgram, Sections, Unit};
use gimli::{Encoding, EndianSlice, LittleEndian, UnitOffset};

/// The operations that bytes decode to, in a unit with two variables: the first has no location, the second `called`. `bytes` are made of
/// the offsets of the two.
fn decoded(called: &[u8], bytes: impl Fn(u8, u8) -> Vec<u8>) -> gimli::Result<Vec<Op>> {
    let encoding = Encoding {
        address_size: 4,
        ..ENCODING
    };
    let mut dwarf = Dwarf::new();
    let id = dwarf.units.add(Unit::new(encoding, LineProgram::none()));
    let unit = dwarf.units.get_mut(id);
    let root = unit.root();
    unit.add(root, dw::DW_TAG_variable);
    let variable = unit.add(root, dw::DW_TAG_variable);
    let location = write::Expression::raw(called.to_vec());
    let value = write::AttributeValue::Exprloc(location);
    unit.get_mut(variable).set(dw::DW_AT_location, value);
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    let read = |id| {
        let bytes = sections.get(id).map_or(&[][..], |section| section.slice());
        Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
    };
    let dwarf = gimli::read::Dwarf::load(read).unwrap();
    let header = dwarf.units().next().unwrap().unwrap();
    let unit = dwarf.unit(header).unwrap();
    let mut offsets = Vec::new();
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs().unwrap() {
        let UnitOffset(offset) = entry.offset();
        offsets.push(offset as u8);
        if let Some(AttributeValue::Exprloc(found)) = entry.attr_value(dw::DW_AT_location) {
            assert_eq!(found.0.slice(), called);
        }
    }
    let bytes = bytes(offsets[1], offsets[2]);
    // Not longer than the sections: a reader has one lifetime.
    let expression = Expression(EndianSlice::new(&bytes, LittleEndian));
    let unit = gimli::read::UnitRef::new(&dwarf, &unit);
    decode(expression, unit)
}

fn of(bytes: &[u8]) -> Vec<Op> {
    decoded(&[dw::DW_OP_lit0.0], |_, _| bytes.to_vec()).unwrap()
}

const STACK_VALUE: u8 = dw::DW_OP_stack_value.0;
const WASM: u8 = dw::DW_OP_WASM_location.0;

#[test]
fn wasm_locations_are_of_four_kinds() {
    assert_eq!(of(&[WASM, 0, 0x85, 1]), [Op::Local(133)]);
    assert_eq!(of(&[WASM, 1, 2]), [Op::Global(2)]);
    assert_eq!(of(&[WASM, 2, 3]), [Op::Stack(3)]);
    assert_eq!(of(&[WASM, 3, 4, 0, 0, 0]), [Op::Global(4)]);
}

#[test]
fn calls_are_what_they_call() {
    let ops = decoded(&[dw::DW_OP_lit3.0, STACK_VALUE], |empty, full| {
        vec![
            dw::DW_OP_call2.0,
            empty,
            0,
            dw::DW_OP_skip.0,
            5,
            0,
            dw::DW_OP_call4.0,
            full,
            0,
            0,
            0,
        ]
    });
    let nop = || Op::Plain(dw::DW_OP_nop);
    // A branch leads behind what is called.
    let expected = [nop(), Op::Skip(5), nop(), Op::Unsigned(3), Op::StackValue];
    assert_eq!(ops.unwrap(), expected);
}

#[test]
fn branches_in_what_is_called_stay_in_there() {
    let called = [dw::DW_OP_skip.0, 1, 0, dw::DW_OP_lit1.0, dw::DW_OP_lit2.0];
    let ops = decoded(&called, |_, full| {
        vec![dw::DW_OP_lit0.0, dw::DW_OP_call2.0, full, 0]
    });
    let expected = [
        Op::Unsigned(0),
        Op::Plain(dw::DW_OP_nop),
        Op::Skip(4),
        Op::Unsigned(1),
        Op::Unsigned(2),
    ];
    assert_eq!(ops.unwrap(), expected);
}

#[test]
fn calls_that_go_in_circles_end() {
    // The variable's location calls the variable: after the unit's header and two entries of an abbreviation each.
    let own = 14;
    let called = [dw::DW_OP_call2.0, own, 0];
    let ops = decoded(&called, |_, full| {
        assert_eq!(full, own);
        vec![dw::DW_OP_call2.0, full, 0]
    });
    let ops = ops.unwrap();
    assert!(ops.len() < 32, "{ops:?}");
    assert!(matches!(ops.last(), Some(Op::Other(_))), "{ops:?}");
}

#[test]
fn calls_that_multiply_end() {
    let own = 14;
    let called = [dw::DW_OP_call2.0, own, 0].repeat(40);
    let ops = decoded(&called, |_, full| vec![dw::DW_OP_call2.0, full, 0]);
    assert!(matches!(ops, Err(gimli::Error::TooManyIterations)));
}

#[test]
fn thread_local_variables_without_threads_are_at_addresses() {
    let old = [
        dw::DW_OP_const4u.0,
        0xd4,
        0x10,
        0,
        0,
        dw::DW_OP_GNU_push_tls_address.0,
    ];
    assert_eq!(of(&old), [Op::Address(0x10d4)]);
    let base = [WASM, 3, 0xff, 0xff, 0xff, 0xff];
    let new = [&base[..], &[dw::DW_OP_addr.0, 0, 4, 0, 0, dw::DW_OP_plus.0]].concat();
    assert_eq!(of(&new), [Op::Address(0x400)]);
    // Of a module with threads, whose base is a global.
    let base = [WASM, 3, 1, 0, 0, 0];
    let shared = [&base[..], &[dw::DW_OP_addr.0, 4, 0, 0, 0, dw::DW_OP_plus.0]].concat();
    let expected = [Op::Global(1), Op::Address(4), Op::Plain(dw::DW_OP_plus)];
    assert_eq!(of(&shared), expected);
}

#[test]
fn entry_values_are_of_locals() {
    for op in [dw::DW_OP_entry_value, dw::DW_OP_GNU_entry_value] {
        let ops = of(&[op.0, 3, WASM, 0, 1, STACK_VALUE]);
        assert_eq!(ops, [Op::EntryLocal(1), Op::StackValue]);
        let other = of(&[op.0, 1, dw::DW_OP_lit0.0]);
        assert!(matches!(other[..], [Op::Other(_)]), "{other:?}");
    }
}

#[test]
fn what_reads_memory_says_how_much() {
    assert_eq!(of(&[dw::DW_OP_deref.0]), [Op::Deref(4)]);
    assert_eq!(of(&[dw::DW_OP_deref_size.0, 2]), [Op::Deref(2)]);
    let typed = of(&[dw::DW_OP_deref_type.0, 8, 0x30]);
    assert_eq!(typed, [Op::TypedDeref(8, UnitOffset(0x30))]);
    assert!(matches!(of(&[dw::DW_OP_xderef.0])[..], [Op::Other(_)]));
}

#[test]
fn a_branch_into_an_operation_is_an_error() {
    let bytes = [dw::DW_OP_skip.0, 1, 0, dw::DW_OP_const2u.0, 1, 2];
    let ops = decoded(&[], |_, _| bytes.to_vec());
    assert!(matches!(ops, Err(gimli::Error::BadBranchTarget(_))));
}
