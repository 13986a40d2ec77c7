//! Debug info that is split, as units that are whole.

use super::{Companions, MergedDwarf, PathMap, is_split, merge};
use crate::container::with_debug_info;
use crate::handmade::{F, Handmade, Shown, Written, address, encoding, local, text};
use gimli::constants as dw;
use gimli::write::AttributeValue as Value;
use gimli::{DebugMacroOffset, SectionId};
use std::io;
use std::path::Path;

const ID: u64 = 0x1122_3344_5566_7788;

/// As `.debug_line.dwo` of DWARF 4 has files: of a directory, `macros.h` and `handmade.c`.
const FILES: &[u8] = b"\x01\x01\x01\xfb\x0e\x01/src/dir\0\0macros.h\0\x01\0\0handmade.c\0\0\0\0\0";

/// A skeleton of DWARF 4 (GNU's), and the file that it names.
fn split(id: u64) -> (Written, Vec<(&'static str, Vec<u8>)>) {
    let mut skeleton = Handmade::of(encoding(4));
    let root = skeleton.root();
    skeleton.set(root, dw::DW_AT_comp_dir, text("/src"));
    skeleton.set(root, dw::DW_AT_GNU_dwo_name, text("app.dwo"));
    skeleton.set(root, dw::DW_AT_GNU_dwo_id, Value::Data8(ID));
    skeleton.cover(root, F);
    skeleton.lines(&[(10, 1)], 30);
    let mut full = Handmade::of(encoding(4));
    let root = full.root();
    full.set(root, dw::DW_AT_GNU_dwo_id, Value::Data8(id));
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
    let full = full.write();
    let section = |id: SectionId| full.section(id).to_vec();
    let sections = vec![
        (".debug_info.dwo", section(SectionId::DebugInfo)),
        (".debug_abbrev.dwo", section(SectionId::DebugAbbrev)),
        (".debug_macro.dwo", macros),
        (".debug_line.dwo", lines),
        (".debug_str.dwo", b"unused\0N 1\0".to_vec()),
        (
            ".debug_str_offsets.dwo",
            [0u32.to_le_bytes(), 7u32.to_le_bytes()].concat(),
        ),
    ];
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
    assert_eq!(shown.entries[0].name(), "handmade.c");
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
