//! Debug info that is split, as units that are whole.

use super::{Companions, MergedDwarf, PathMap, is_split, merge};
use crate::container::with_debug_info;
use crate::handmade::{F, Handmade, Shown, Written, address, encoding, local, text};
use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, Expression};
use gimli::{DebugMacinfoOffset, DebugMacroOffset, SectionId};
use std::io;
use std::path::Path;

const ID: u64 = 0x1122_3344_5566_7788;

/// As `.debug_line.dwo` of DWARF 4 has files: of a directory, `macros.h` and `handmade.c`.
const FILES: &[u8] = b"\x01\x01\x01\xfb\x0e\x01/src/dir\0\0macros.h\0\x01\0\0handmade.c\0\0\0\0\0";

/// A skeleton of DWARF 4 (GNU's), which names a file.
fn skeleton() -> Handmade {
    let mut skeleton = Handmade::of(encoding(4));
    let root = skeleton.root();
    // The split unit has them.
    for name in [dw::DW_AT_name, dw::DW_AT_language] {
        skeleton.unit().get_mut(root).delete(name);
    }
    skeleton.set(root, dw::DW_AT_comp_dir, text("/src"));
    skeleton.set(root, dw::DW_AT_GNU_dwo_name, text("app.dwo"));
    skeleton.set(root, dw::DW_AT_GNU_dwo_id, Value::Data8(ID));
    skeleton.cover(root, F);
    skeleton
}

/// A split unit.
fn full(id: u64) -> Handmade {
    let mut full = Handmade::of(encoding(4));
    let root = full.root();
    full.set(root, dw::DW_AT_GNU_dwo_id, Value::Data8(id));
    full
}

/// The entries of a split unit.
fn sections_of(full: Handmade) -> Vec<(&'static str, Vec<u8>)> {
    let full = full.write();
    let section = |id: SectionId| full.section(id).to_vec();
    vec![
        (".debug_info.dwo", section(SectionId::DebugInfo)),
        (".debug_abbrev.dwo", section(SectionId::DebugAbbrev)),
    ]
}

/// A skeleton, and the file that it names, with macros.
fn split(id: u64) -> (Written, Vec<(&'static str, Vec<u8>)>) {
    let (mut skeleton, mut full) = (skeleton(), full(id));
    skeleton.lines(&[(10, 1)], 30);
    let root = full.root();
    let macros = Value::DebugMacroRef(DebugMacroOffset(0));
    full.set(root, dw::DW_AT_GNU_macros, macros);
    let int = full.int();
    let f = full.function("f", F);
    full.variable(f, "x", int, &local(0));
    full.variable(root, "s", int, &address(0x500));
    let mut macros = vec![4, 0, 2, 0, 0, 0, 0, 3, 0, 2, 3, 1, 1];
    // A string by its number in .debug_str_offsets.dwo, and a definition in place.
    macros.extend(b"\x0b\x01\x01\x01\x02M 2\0\x04\x04\0");
    let mut lines = (FILES.len() as u32 + 6).to_le_bytes().to_vec();
    lines.extend([4, 0]);
    lines.extend((FILES.len() as u32).to_le_bytes());
    lines.extend(FILES);
    let length = lines.len() as u32 - 4;
    lines[..4].copy_from_slice(&length.to_le_bytes());
    let mut sections = sections_of(full);
    sections.extend([
        (".debug_macro.dwo", macros),
        (".debug_line.dwo", lines),
        (".debug_str.dwo", b"unused\0N 1\0".to_vec()),
        (
            ".debug_str_offsets.dwo",
            [0u32.to_le_bytes(), 7u32.to_le_bytes()].concat(),
        ),
    ]);
    (skeleton.write(), sections)
}

fn merged(skeleton: &Written, file: &[(&'static str, Vec<u8>)], paths: &PathMap) -> MergedDwarf {
    let empty = wat::parse_str("(module)").unwrap();
    let sections = file.iter().map(|(name, bytes)| (*name, &bytes[..]));
    let bytes = with_debug_info(&empty, sections).unwrap();
    let read = |path: &Path| match path == Path::new("/src/app.dwo") {
        true => Ok(bytes.clone()),
        false => Err(io::ErrorKind::NotFound.into()),
    };
    let companions = Companions {
        package: None,
        directory: None,
        read: &read,
        paths,
    };
    merge(&skeleton.dwarf(), &companions).unwrap()
}

fn shown(merged: MergedDwarf) -> Shown {
    let warnings = merged.warnings.into_iter().map(|it| it.what).collect();
    Shown::of(&Written(merged.sections), warnings)
}

#[test]
fn a_split_unit_takes_the_place_of_its_skeleton() {
    let (skeleton, file) = split(ID);
    assert!(is_split(&skeleton.dwarf()));
    let shown = shown(merged(&skeleton, &file, &PathMap::default()));
    assert!(shown.warnings.is_empty(), "{:?}", shown.warnings);
    let root = &shown.entries[0];
    assert_eq!(root.tag, dw::DW_TAG_compile_unit);
    assert_eq!(root.name(), "handmade.c");
    // What only the skeleton says, and nothing that is about files.
    assert_eq!(root.ranges, [F]);
    assert_eq!(root.attr(dw::DW_AT_GNU_dwo_name), None);
    assert_eq!(root.attr(dw::DW_AT_GNU_dwo_id), None);
    let f = shown.find(dw::DW_TAG_subprogram, "f");
    assert_eq!(f.ranges, [F]);
    let x = shown.variable("x");
    assert_eq!(x.parent, Some(f.place));
    assert_eq!(shown.ty(x).name(), "int");
    assert_eq!(shown.variable("s").location(), "addr 0x500");
    assert_eq!(shown.rows.len(), 1);
}

#[test]
fn macros_of_a_split_unit_name_files_of_the_unit() {
    let (skeleton, file) = split(ID);
    let shown = shown(merged(&skeleton, &file, &PathMap::default()));
    // The first is in the skeleton's table already.
    assert_eq!(shown.files, ["handmade.c", "/src/dir/macros.h"]);
    let expected = [
        "start 0 1",
        "start 1 2",
        "define 1 N 1",
        "define 2 M 2",
        "end",
        "end",
    ];
    assert_eq!(shown.macros, expected);
}

#[test]
fn macros_of_a_split_unit_go_to_mapped_paths() {
    let (skeleton, file) = split(ID);
    let paths = PathMap(vec![("/src".to_owned(), "/here".to_owned())], "/".into());
    let shown = shown(merged(&skeleton, &file, &paths));
    assert_eq!(shown.files, ["handmade.c", "/here/dir/macros.h"]);
    assert_eq!(shown.macros.len(), 6);
}

#[test]
fn a_unit_of_another_build_is_not_taken() {
    let (skeleton, file) = split(ID + 1);
    let shown = shown(merged(&skeleton, &file, &PathMap::default()));
    assert!(!shown.has("f"));
    assert_eq!(shown.warnings.len(), 1, "{:?}", shown.warnings);
    assert!(
        shown.warnings[0].contains("another build"),
        "{:?}",
        shown.warnings
    );
    // Its code has lines and a name nevertheless.
    let root = &shown.entries[0];
    assert_eq!(root.name(), "handmade.c");
    let language = u64::from(dw::DW_LANG_C11.0);
    assert_eq!(root.number(dw::DW_AT_language), Some(language));
}

#[test]
fn what_is_whole_stays_as_it_is() {
    let mut info = Handmade::new();
    info.function("f", F);
    let written = info.write();
    assert!(!is_split(&written.dwarf()));
    let companions = Companions {
        package: None,
        directory: None,
        read: &|_| Err(io::ErrorKind::NotFound.into()),
        paths: &PathMap::default(),
    };
    assert!(merge(&written.dwarf(), &companions).is_none());
}

#[test]
fn references_between_units_lead_to_the_same_entries() {
    let mut info = Handmade::new();
    let int = info.int();
    let root = info.root();
    info.variable(root, "a", int, &address(0x500));
    info.set(root, dw::DW_AT_comp_dir, text("/src/one"));
    info.lines(&[(10, 1), (15, 4)], 30);
    info.next_unit();
    let double = info.base("double", 8, dw::DW_ATE_float);
    let root = info.root();
    info.variable(root, "b", double, &address(0x600));
    let f = info.function("f", F);
    let x = info.variable(f, "x", double, &[]);
    let list = info.list(&[(12..15, &local(0))]);
    info.set(x, dw::DW_AT_location, list);
    let block = info.named(f, dw::DW_TAG_lexical_block, "block");
    info.cover_ranges(block, &[12..14, 20..22]);
    let written = info.write();
    let companions = Companions {
        package: None,
        directory: None,
        read: &|_| Err(io::ErrorKind::NotFound.into()),
        paths: &PathMap(vec![("/src".to_owned(), "/here".to_owned())], "/".into()),
    };
    let shown = shown(merge(&written.dwarf(), &companions).unwrap());
    assert_eq!(shown.ty(shown.variable("a")).name(), "int");
    assert_eq!(shown.ty(shown.variable("b")).name(), "double");
    assert_eq!(shown.variable("x").list()[0].0, 12..15);
    let block = shown.find(dw::DW_TAG_lexical_block, "block");
    assert_eq!(block.ranges, [12..14, 20..22]);
    let directory = shown.entries[0].attr(dw::DW_AT_comp_dir);
    assert_eq!(
        directory,
        Some(&crate::handmade::Attr::Text("/here/one".to_owned()))
    );
    let lines: Vec<_> = shown
        .rows
        .iter()
        .map(|row| (row.address, row.line))
        .collect();
    assert_eq!(lines, [(10, 1), (15, 4)]);
}

/// A split unit of DWARF 4 that somebody writes to, merged with its skeleton. Of its addresses, 0 is 0x500 and 1 is 0x12345.
fn merged_unit(write: impl FnOnce(&mut Handmade)) -> Shown {
    let (mut skeleton, mut full) = (skeleton(), full(ID));
    let root = skeleton.root();
    skeleton.set(root, dw::DW_AT_GNU_addr_base, Value::Data4(0));
    let addresses = [0x500u32, 0x12345].map(u32::to_le_bytes).concat();
    let skeleton = skeleton.write().with(SectionId::DebugAddr, &addresses);
    write(&mut full);
    let sections = sections_of(full);
    let shown = shown(merged(&skeleton, &sections, &PathMap::default()));
    assert!(shown.warnings.is_empty(), "{:?}", shown.warnings);
    shown
}

#[test]
fn constants_of_a_split_unit_keep_their_values() {
    let values = [
        (Value::Data1(0x81), 0x81),
        (Value::Data2(0x8182), 0x8182),
        (Value::Data4(0x8182_8384), 0x8182_8384),
        (Value::Data8(0x8182_8384_8586_8788), 0x8182_8384_8586_8788),
        (Value::Udata(0x1_0000_0001), 0x1_0000_0001),
        (Value::Sdata(-300), -300i64 as u64),
    ];
    let shown = merged_unit(|full| {
        let f = full.function("f", F);
        for (number, (value, _)) in values.iter().enumerate() {
            let constant = full.named(f, dw::DW_TAG_variable, &format!("c{number}"));
            full.set(constant, dw::DW_AT_const_value, value.clone());
            full.set(constant, dw::DW_AT_artificial, Value::Flag(true));
        }
    });
    for (number, (value, expected)) in values.iter().enumerate() {
        let constant = shown.variable(&format!("c{number}"));
        let found = constant.number(dw::DW_AT_const_value);
        assert_eq!(found, Some(*expected), "{value:?}");
        assert_eq!(constant.number(dw::DW_AT_artificial), Some(1));
    }
}

#[test]
fn operations_of_a_split_unit_need_no_table_of_addresses() {
    const ADDRESS: u8 = dw::DW_OP_GNU_addr_index.0;
    const CONSTANT: u8 = dw::DW_OP_GNU_const_index.0;
    let shown = merged_unit(|full| {
        let root = full.root();
        let int = full.int();
        full.variable(root, "s", int, &[ADDRESS, 0]);
        // Over an operation that gets longer, to the end, and back to the first.
        let skip = [dw::DW_OP_skip.0, 2, 0, CONSTANT, 1, dw::DW_OP_stack_value.0];
        full.variable(root, "over", int, &skip);
        let bra = [CONSTANT, 1, CONSTANT, 1, dw::DW_OP_bra.0, 0xf9, 0xff];
        full.variable(root, "back", int, &bra);
        let end = [CONSTANT, 1, dw::DW_OP_bra.0, 2, 0, CONSTANT, 0];
        full.variable(root, "end", int, &end);
    });
    assert_eq!(shown.variable("s").location(), "addr 0x500");
    let over = shown.variable("over").location();
    assert_eq!(over, "skip 4 0x12345 stackvalue");
    let back = shown.variable("back").location();
    assert_eq!(back, "0x12345 0x12345 bra -11");
    let end = shown.variable("end").location();
    assert_eq!(end, "0x12345 bra 3 0x500");
}

#[test]
fn operations_of_a_split_unit_name_its_types() {
    let shown = merged_unit(|full| {
        let root = full.root();
        // Types have other places in the unit that is made.
        full.base("double", 8, dw::DW_ATE_float);
        let int = full.int();
        let mut typed = Expression::new();
        typed.op_const_type(int, Box::new([7, 0, 0, 0]));
        typed.op_convert(Some(int));
        typed.op_convert(None);
        typed.op_reinterpret(Some(int));
        typed.op_deref_type(4, int);
        typed.op_deref_size(2);
        let x = full.variable(root, "x", int, &[]);
        full.set(x, dw::DW_AT_location, Value::Exprloc(typed));
    });
    let expected =
        "literal int [7, 0, 0, 0] convert int convert generic reinterpret int deref 4 int deref 2";
    assert_eq!(shown.variable("x").location(), expected);
}

#[test]
fn macros_that_a_package_lacks_are_said_to_be_missing() {
    let (mut skeleton, mut full) = (skeleton(), full(ID));
    let (root, offset) = (full.root(), DebugMacinfoOffset(0));
    full.set(root, dw::DW_AT_macro_info, Value::DebugMacinfoRef(offset));
    full.function("f", F);
    skeleton.lines(&[(10, 1)], 30);
    let sections = sections_of(full);
    let shown = shown(merged(&skeleton.write(), &sections, &PathMap::default()));
    let expected = "macros are not all there: llvm-dwp leaves them out of packages of DWARF 4";
    assert_eq!(shown.warnings.len(), 1, "{:?}", shown.warnings);
    assert!(shown.warnings[0].contains(expected), "{:?}", shown.warnings);
    assert!(shown.has("f"));
}
