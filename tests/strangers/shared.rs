//! Strings and lists that entries share, or have parts of.

use super::debug_info::{Named, abbreviation, lines, root_entry, sequence, unit, with, word};
use super::entries::entries;
use super::modules::counted;

/// Names of 100,000 bytes.
fn strings() -> Vec<Named> {
    let long = [&[b'x'; 100_000][..], &[0]].concat();
    let mangled = [&b"_Z"[..], &b"N1a".repeat(33_000), b"E\0"].concat();
    let all = |count| [vec![3], word(0)].concat().repeat(count);
    let parts: Vec<u8> = (0..20_000)
        .flat_map(|i| [vec![3], word(i)].concat())
        .collect();
    let variable = |form| abbreviation(3, 0x34, false, &[[0x03, form]]);
    let function =
        |name, form| abbreviation(3, 0x2e, false, &[[name, form], [0x11, 0x01], [0x12, 0x06]]);
    let functions = [vec![3], word(0), word(2), word(4)].concat().repeat(10_000);
    // Instances of a function that has its name in itself, with and without code.
    let first = 11 + root_entry(0).len() + 11;
    let named = abbreviation(3, 0x2e, false, &[[0x03, 0x08], [0x20, 0x0b]]);
    let instance = [[0x31, 0x13], [0x11, 0x01], [0x12, 0x06], [0x20, 0x0b]];
    let instance = abbreviation(4, 0x2e, false, &instance);
    let one = [vec![4], word(first), word(2), word(4), vec![1]].concat();
    let instances = [&[3][..], &long, &[1], &one.repeat(5_000)].concat();
    vec![
        (
            "one string of a line table for all variables",
            entries(&variable(0x1f), &all(20_000), &[(".debug_line_str", &long)]),
        ),
        (
            "parts of one string of a line table",
            entries(&variable(0x1f), &parts, &[(".debug_line_str", &long)]),
        ),
        (
            "one string of a line table for all functions",
            entries(
                &function(0x03, 0x1f),
                &functions,
                &[(".debug_line_str", &long)],
            ),
        ),
        (
            "one linkage name of all functions",
            entries(
                &function(0x6e, 0x0e),
                &functions,
                &[(".debug_str", &mangled)],
            ),
        ),
        (
            "parts of one string",
            entries(&variable(0x0e), &parts, &[(".debug_str", &long)]),
        ),
        (
            "instances of a function with a long name",
            entries(&[named, instance].concat(), &instances, &[]),
        ),
    ]
}

/// Units of nothing but a root.
fn roots(ranges: &[u8]) -> Vec<u8> {
    let attributes = [[0x03, 0x08], [0x10, 0x17], [0x11, 0x01], [0x55, 0x17]];
    let table = [abbreviation(1, 0x11, false, &attributes), vec![0]].concat();
    let root = [&[1, b'a', 0][..], &[0; 12]].concat();
    with(&[
        (".debug_info", &unit(0, &root).repeat(5_000)),
        (".debug_abbrev", &table),
        (".debug_line", &lines(&[], &sequence(&[1]))),
        (".debug_ranges", ranges),
    ])
}

/// Functions with a variable each, at an offset from a frame base that is a list.
fn frame_bases() -> Vec<u8> {
    // DW_AT_frame_base by a list, of DW_OP_WASM_location; and a variable that is at an offset from it.
    let base = [[0x03, 0x08], [0x11, 0x01], [0x12, 0x06], [0x40, 0x17]];
    let function = abbreviation(3, 0x2e, true, &base);
    let in_frame = abbreviation(4, 0x34, false, &[[0x03, 0x08], [0x02, 0x18]]);
    let one = [
        vec![3, b'h', 0],
        word(2),
        word(4),
        word(0),
        vec![4, b'v', 0],
    ]
    .concat();
    let one = [one, counted(&[0x91, 0]), vec![0]].concat();
    let bases = [word(2), word(5), vec![3, 0, 0xed, 0, 0]].concat();
    let bases = [bases.repeat(5_000), vec![0; 8]].concat();
    let functions = [function, in_frame].concat();
    entries(&functions, &one.repeat(5_000), &[(".debug_loc", &bases)])
}

fn lists() -> Vec<Named> {
    let ranges = [[word(2), word(5)].concat().repeat(10_000), vec![0; 8]].concat();
    let locations = [word(2), word(5), vec![2, 0, 0x30, 0x9f]].concat();
    let locations = [locations.repeat(10_000), vec![0; 8]].concat();
    let block = abbreviation(3, 0x0b, false, &[[0x55, 0x17]]);
    let blocks = (0..10_000).flat_map(|i| [vec![3], word(8 * i)].concat());
    let variable = abbreviation(3, 0x34, false, &[[0x03, 0x08], [0x02, 0x17]]);
    let variables = (0..10_000).flat_map(|i| [vec![3, b'v', 0], word(12 * i)].concat());
    vec![
        ("roots of one list of ranges", roots(&ranges)),
        (
            "parts of one list of ranges",
            entries(
                &block,
                &blocks.collect::<Vec<u8>>(),
                &[(".debug_ranges", &ranges)],
            ),
        ),
        (
            "parts of one list of locations",
            entries(
                &variable,
                &variables.collect::<Vec<u8>>(),
                &[(".debug_loc", &locations)],
            ),
        ),
        ("frame bases of one list", frame_bases()),
    ]
}

/// All of them.
pub fn inputs() -> Vec<Named> {
    [strings(), lists()].concat()
}
