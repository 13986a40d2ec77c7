//! Macros, which gdb reads.

use super::{FLAVORS, in_gdb};
use crate::code::Flavor;
use crate::handmade::{F, Handmade, Shown, Written, code, encoding};
use gimli::constants as dw;
use gimli::write::AttributeValue as Value;
use gimli::{DebugMacinfoOffset, DebugMacroOffset, SectionId};

const STRINGS: &[u8] = b"unused\0LIMIT 42\0LIMIT\0";

/// A unit with a line table of one file, and with macros at 0.
fn unit(version: u16, attribute: gimli::DwAt) -> Handmade {
    let mut info = Handmade::of(encoding(version));
    info.function("f", F);
    info.lines(&[(10, 1)], 30);
    let root = info.root();
    let value = match attribute {
        dw::DW_AT_macro_info => Value::DebugMacinfoRef(DebugMacinfoOffset(0)),
        _ => Value::DebugMacroRef(DebugMacroOffset(0)),
    };
    info.set(root, attribute, value);
    info
}

fn shown(written: Written) -> Shown {
    written.transformed(&code(Flavor::Gdb))
}

/// The header of a version, with the place of a line table.
fn header(version: u8) -> Vec<u8> {
    vec![version, 0, 2, 0, 0, 0, 0]
}

/// As gcc writes them with -gdwarf-4 -g3: version 4, strings by their places, and another table that is included.
#[test]
fn the_gnu_extension_of_dwarf_4_becomes_dwarf_5() {
    let mut bytes = header(4);
    bytes.extend([3, 0, 1]);
    // DW_MACRO_GNU_define_indirect, DW_MACRO_GNU_transparent_include.
    bytes.extend([5, 2, 7, 0, 0, 0, 7, 0, 0, 0, 0]);
    let include = bytes.len() - 4;
    bytes.extend([4, 0]);
    let other = bytes.len() as u32;
    bytes[include..include + 4].copy_from_slice(&other.to_le_bytes());
    bytes.extend(header(4));
    // A definition in place, and DW_MACRO_GNU_undef_indirect.
    bytes.extend(b"\x01\x03N 1\0");
    bytes.extend([6, 4, 16, 0, 0, 0, 0]);
    let written = unit(4, dw::DW_AT_GNU_macros).write();
    let written = written.with(SectionId::DebugMacro, &bytes);
    let written = written.with(SectionId::DebugStr, STRINGS);
    let expected = [
        "start 0 1",
        "define 2 LIMIT 42",
        "define 3 N 1",
        "undef 4 LIMIT",
        "end",
    ];
    let shown = shown(written);
    assert_eq!(shown.macros, expected);
    assert!(shown.warnings.is_empty(), "{:?}", shown.warnings);
}

#[test]
fn macros_of_dwarf_2_to_4_become_dwarf_5() {
    let written = unit(4, dw::DW_AT_macro_info).write();
    let macros = written.with(
        SectionId::DebugMacinfo,
        b"\x03\x00\x01\x01\x05N 1\0\x02\x06N\0\x04\0",
    );
    let shown = shown(macros);
    assert_eq!(
        shown.macros,
        ["start 0 1", "define 5 N 1", "undef 6 N", "end"]
    );
}

#[test]
fn what_is_before_damage_is_there() {
    for (damage, reason) in [
        // A file that is not there, a string, an operation.
        (&[3, 9, 77][..], "the line table has no such file"),
        (&[5, 9, 0xff, 0xff, 0, 0], "a string is not there"),
        (&[0x55], "macro"),
        (&[4, 4, 4], ""),
    ] {
        let mut bytes = header(5);
        bytes.extend([3, 0, 0, 5, 2, 7, 0, 0, 0]);
        bytes.extend(damage);
        let written = unit(5, dw::DW_AT_macros).write();
        let written = written.with(SectionId::DebugMacro, &bytes);
        let shown = shown(written.with(SectionId::DebugStr, STRINGS));
        assert_eq!(shown.macros, ["start 0 0", "define 2 LIMIT 42", "end"]);
        // What is after the end of the only file is nothing that is missed.
        let said = shown.warnings.iter().any(|it| it.contains(reason));
        assert_eq!(said, !reason.is_empty(), "{:?}", shown.warnings);
    }
}

#[test]
fn tables_that_import_themselves_end() {
    let mut bytes = header(5);
    bytes.extend([3, 0, 0, 7, 0, 0, 0, 0]);
    let written = unit(5, dw::DW_AT_macros).write();
    let shown = shown(written.with(SectionId::DebugMacro, &bytes));
    let limits = ["too many", "import each other", "no such file"];
    let said = |it: &String| limits.iter().any(|limit| it.contains(limit));
    assert!(shown.warnings.iter().any(said), "{:?}", shown.warnings);
}

#[test]
fn macros_need_a_line_table_and_gdb() {
    let mut info = Handmade::new();
    info.function("f", F);
    let root = info.root();
    let macros = Value::DebugMacroRef(DebugMacroOffset(0));
    info.set(root, dw::DW_AT_macros, macros);
    let gdb = in_gdb(info);
    assert_eq!(gdb.warnings.len(), 1, "{:?}", gdb.warnings);
    assert!(gdb.warnings[0].contains("line table"));
    let bytes = [header(5), vec![3, 0, 0, 4, 0]].concat();
    let written = unit(5, dw::DW_AT_macros).write();
    let written = written.with(SectionId::DebugMacro, &bytes);
    for flavor in FLAVORS {
        let shown = written.transformed(&code(flavor));
        let root = shown.entries[0].attr(dw::DW_AT_macros);
        assert_eq!(root.is_some(), flavor == Flavor::Gdb);
    }
}
