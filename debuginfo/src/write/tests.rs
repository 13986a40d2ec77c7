//! What is written, as gimli reads it.

use super::*;
use gimli::read::{AttributeValue as Read, EndianSlice};
use gimli::{DwAt, LittleEndian, SectionId, constants as dw};

const INPUT_STRINGS: &[u8] = b"unused\0abc\0def\0abc\0";

type Sections = Vec<(&'static str, Vec<u8>)>;

fn sections(units: Vec<Unit>) -> Sections {
    let units = units.into_iter().map(encode).collect();
    let (sections, strings) = assemble(units, INPUT_STRINGS);
    let mut joined: Sections = sections
        .into_iter()
        .map(|(name, pieces)| (name, pieces.concat()))
        .collect();
    joined.push((SectionId::DebugStr.name(), strings.bytes));
    joined
}

fn read(sections: &Sections) -> gimli::read::Dwarf<EndianSlice<'_, LittleEndian>> {
    let load = |id: SectionId| {
        let found = sections.iter().find(|(name, _)| *name == id.name());
        let bytes = found.map_or(&[][..], |(_, bytes)| bytes);
        Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
    };
    gimli::read::Dwarf::load(load).unwrap()
}

/// A unit with so many variables, each of the type after them, at an address that is converted to it.
fn unit(variables: usize) -> Unit {
    let mut unit = Unit::new(1);
    let (root, ty) = (unit.root(), UnitEntryId(1));
    for i in 0..variables {
        let id = unit.add(root, dw::DW_TAG_variable);
        let mut location = Expression::new();
        location.op_constu(i as u64);
        location.op_convert(Some(ty));
        location.op(dw::DW_OP_stack_value);
        let mut variable = unit.get_mut(id);
        variable.set(dw::DW_AT_name, AttributeValue::StringRef(7));
        variable.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
        variable.set(dw::DW_AT_location, AttributeValue::exprloc(location));
    }
    unit.add_reserved(ty, root, dw::DW_TAG_base_type);
    let name = AttributeValue::StringRef(15);
    unit.get_mut(ty).set(dw::DW_AT_name, name);
    unit
}

/// References of 2, 3 and 4 bytes, to an entry that comes later; also from expressions.
#[test]
fn references_lead_to_their_entry_in_units_of_any_size() {
    for variables in [1, 5_000, 150_000] {
        let sections = sections(vec![unit(variables), unit(1)]);
        let dwarf = read(&sections);
        let header = dwarf.units().next().unwrap().unwrap();
        let unit = dwarf.unit(header).unwrap();
        let unit = unit.unit_ref(&dwarf);
        let mut entries = unit.entries();
        entries.next_dfs().unwrap();
        let variable = entries.next_dfs().unwrap().unwrap();
        let Some(Read::UnitRef(ty)) = variable.attr_value(dw::DW_AT_type) else {
            panic!("no type");
        };
        let found = unit.entry(ty).unwrap();
        assert_eq!(found.tag(), dw::DW_TAG_base_type);
        let name = unit.attr_string(found.attr_value(dw::DW_AT_name).unwrap());
        assert_eq!(name.unwrap().slice(), b"abc");
        let Some(Read::Exprloc(location)) = variable.attr_value(dw::DW_AT_location) else {
            panic!("no location");
        };
        let mut operations = location.operations(unit.encoding());
        operations.next().unwrap();
        let convert = operations.next().unwrap().unwrap();
        assert_eq!(convert, gimli::Operation::Convert { base_type: ty });
    }
}

#[test]
fn equal_strings_of_the_input_become_one() {
    let sections = sections(vec![unit(1)]);
    let strings = &sections.last().unwrap().1;
    assert_eq!(strings, b"\0abc\0");
}

#[test]
fn an_attribute_that_refers_to_no_entry_is_left_out() {
    let mut unit = Unit::new(1);
    let root = unit.root();
    let id = unit.add(root, dw::DW_TAG_variable);
    let never = AttributeValue::UnitRef(UnitEntryId(1));
    unit.get_mut(id).set(dw::DW_AT_type, never);
    let sections = sections(vec![unit]);
    let dwarf = read(&sections);
    let header = dwarf.units().next().unwrap().unwrap();
    let unit = dwarf.unit(header).unwrap();
    let mut entries = unit.entries();
    entries.next_dfs().unwrap();
    let variable = entries.next_dfs().unwrap().unwrap();
    assert_eq!(variable.tag(), dw::DW_TAG_variable);
    assert!(variable.attrs().is_empty());
    assert!(entries.next_dfs().unwrap().is_none());
}

#[test]
fn ranges_are_read_as_they_were_given() {
    let given = [(0x7000_0000_1000, 16), (0x7000_0000_0800, 1)];
    let ranges = given.map(|(begin, length)| Range::StartLength {
        begin: Address::Constant(begin),
        length,
    });
    let mut units = vec![unit(1)];
    let root = units[0].root();
    let list = units[0].ranges.add(RangeList(ranges.to_vec()));
    assert_eq!(list, units[0].ranges.add(RangeList(ranges.to_vec())));
    let value = AttributeValue::RangeListRef(list);
    units[0].get_mut(root).set(dw::DW_AT_ranges, value);
    let sections = sections(units);
    let dwarf = read(&sections);
    let header = dwarf.units().next().unwrap().unwrap();
    let unit = dwarf.unit(header).unwrap();
    let unit = unit.unit_ref(&dwarf);
    let root = unit.entry(header.root_offset()).unwrap();
    let mut found = unit.die_ranges(&root).unwrap();
    for (begin, length) in given {
        let range = found.next().unwrap().unwrap();
        assert_eq!((range.begin, range.end), (begin, begin + length));
    }
}

/// lldb hashes other names as Unicode folds their case, and lists units by itself that are in no index.
#[test]
fn a_unit_with_a_name_beyond_ascii_is_in_no_index() {
    let indexed = |name: &str| {
        let mut unit = unit(1);
        unit.is_indexed = true;
        let id = unit.add(unit.root(), dw::DW_TAG_typedef);
        let name = AttributeValue::string(name);
        unit.get_mut(id).set(dw::DW_AT_name, name);
        unit
    };
    let units = |names: &[&str]| {
        let sections = sections(names.iter().map(|name| indexed(name)).collect());
        let index = sections
            .into_iter()
            .find(|(name, _)| *name == SectionId::DebugNames.name());
        let count = |(_, bytes): (_, Vec<u8>)| u32::from_le_bytes(bytes[8..12].try_into().unwrap());
        index.map(count)
    };
    assert_eq!(units(&["size"]), Some(1));
    assert_eq!(units(&["size", "größe", "length"]), Some(2));
    assert_eq!(units(&["größe"]), None);
}

fn names(unit: &Unit, id: UnitEntryId) -> Vec<DwAt> {
    unit.get(id).attrs().map(|attr| attr.name()).collect()
}

#[test]
fn attributes_that_two_entries_share_are_changed_for_one_of_them() {
    let (name, ty, size) = (dw::DW_AT_name, dw::DW_AT_type, dw::DW_AT_byte_size);
    let mut unit = unit(1);
    let [one, copy, other] = [(); 3].map(|()| unit.add(unit.root(), dw::DW_TAG_member));
    for (name, value) in [(name, "a"), (ty, "b")] {
        unit.get_mut(one).set(name, AttributeValue::string(value));
    }
    unit.share_attrs(one, copy);
    unit.share_attrs(copy, other);
    unit.get_mut(copy).set(size, AttributeValue::Data1(4));
    unit.get_mut(one).delete(name);
    unit.get_mut(other).set(name, AttributeValue::string("c"));
    unit.get_mut(other)
        .set(size, AttributeValue::Data8(u64::MAX));
    assert_eq!(names(&unit, one), [ty]);
    assert_eq!(names(&unit, copy), [name, ty, size]);
    assert_eq!(names(&unit, other), [name, ty, size]);
    let said = |id, name| unit.get(id).attr(name).map(|it| it.to_owned());
    assert_eq!(said(one, ty), Some(AttributeValue::string("b")));
    assert_eq!(said(copy, name), Some(AttributeValue::string("a")));
    assert_eq!(said(copy, size), Some(AttributeValue::Data1(4)));
    assert_eq!(said(other, name), Some(AttributeValue::string("c")));
    assert_eq!(said(other, size), Some(AttributeValue::Data8(u64::MAX)));
}

#[test]
fn entries_stay_in_order_when_others_move_away() {
    let mut unit = Unit::new(0);
    let root = unit.root();
    let all = [(); 4].map(|()| unit.add(root, dw::DW_TAG_namespace));
    let [a, b, c, d] = all;
    let children = |unit: &Unit, id| unit.children(id).collect::<Vec<_>>();
    assert_eq!(children(&unit, root), all);
    unit.move_to(a, d);
    assert_eq!(children(&unit, root), [b, c, d]);
    unit.move_to(d, root);
    unit.move_to(c, a);
    assert_eq!(children(&unit, root), [b, d]);
    assert_eq!(children(&unit, d), [a]);
    unit.move_to(a, root);
    assert!(children(&unit, d).is_empty() && !unit.get(d).has_children());
    unit.move_to(b, d);
    assert_eq!(children(&unit, root), [d, a]);
    unit.move_to(c, root);
    assert!(!unit.get(a).has_children());
    assert_eq!(children(&unit, root), [d, a, c]);
}
