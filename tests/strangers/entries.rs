//! Entries of debug info that refer to each other, macros that include each other, and core dumps.

use super::costly::section;
use super::debug_info::{Named, abbreviation, lines, root, root_entry, sequence, unit, with, word};
use super::modules::{counted, leb, with_section};

/// A function of the code, with children; abbreviations 3 and on are given.
pub fn entries(others: &[u8], entries: &[u8], sections: &[(&str, &[u8])]) -> Vec<u8> {
    let function = abbreviation(2, 0x2e, true, &[[0x03, 0x08], [0x11, 0x01], [0x12, 0x06]]);
    let table = [root(true), function, others.to_vec(), vec![0]].concat();
    let function = [&[2, b'f', 0], &word(2)[..], &word(4)].concat();
    let info = unit(
        0,
        &[root_entry(0), function, entries.to_vec(), vec![0, 0]].concat(),
    );
    let rows = lines(&[], &sequence(&[1]));
    let own = [
        (".debug_info", &info[..]),
        (".debug_abbrev", &table),
        (".debug_line", &rows),
    ];
    with(&[&own[..], sections].concat())
}

/// Variables that each have a location of these operations.
fn located(count: usize, operations: &[u8]) -> Vec<u8> {
    let variable = abbreviation(3, 0x34, false, &[[0x03, 0x08], [0x02, 0x18]]);
    let one = [&[3, b'v', 0][..], &counted(operations)].concat();
    entries(&variable, &one.repeat(count), &[])
}

/// The offset of the first entry in the function. Offsets count from the unit's start: 11 bytes before the root, then the root's and the
/// function's.
fn first_offset() -> usize {
    11 + root_entry(0).len() + 11
}

fn trees() -> Vec<Named> {
    let first = first_offset();
    let reference = |attribute: u8, tag: u8| {
        let table = abbreviation(3, tag, false, &[[attribute, 0x13]]);
        let chain = |i: usize| [vec![3], word(first + 5 * ((i + 1) % 20_000))].concat();
        entries(
            &table,
            &(0..20_000).flat_map(chain).collect::<Vec<u8>>(),
            &[],
        )
    };
    let indirect = abbreviation(3, 0x34, false, &[[0x03, 0x16]]);
    let chain = [&[3][..], &[0x16].repeat(200_000), &[0x08, b'v', 0]].concat();
    let import = abbreviation(3, 0x3d, false, &[[0x18, 0x10]]);
    let imports = entries(&import, &[vec![3], word(0)].concat().repeat(20_000), &[]);
    // A type with a block that is longer than any file, and a byte.
    let endless = abbreviation(3, 0x13, false, &[[0x02, 0x09], [0x0b, 0x0b]]);
    let lengths = [&[3][..], &[0xff; 9], &[1, 9]].concat();
    let endless = entries(&endless, &lengths.repeat(1_000), &[]);
    let nested = [root(true), vec![0]].concat();
    let deep = unit(0, &root_entry(0).repeat(20_000));
    vec![
        ("blocks of 2^64 - 1 bytes", endless),
        (
            "entries in each other",
            with(&[(".debug_info", &deep), (".debug_abbrev", &nested)]),
        ),
        ("types of types", reference(0x49, 0x16)),
        ("pointers to pointers", reference(0x49, 0x0f)),
        ("origins of origins", reference(0x31, 0x1d)),
        ("declarations of declarations", reference(0x47, 0x2e)),
        ("siblings of siblings", reference(0x01, 0x34)),
        ("forms of forms", entries(&indirect, &chain, &[])),
        ("units that import themselves", imports),
    ]
}

/// Entries that share lists and strings.
fn shared() -> Vec<Named> {
    let block = abbreviation(3, 0x0b, false, &[[0x55, 0x17]]);
    let ranges = [word(2), word(5)].concat().repeat(10_000);
    let shared = entries(
        &block,
        &[vec![3], word(0)].concat().repeat(10_000),
        &[(".debug_ranges", &[ranges, vec![0; 8]].concat())],
    );
    let variable = abbreviation(3, 0x34, false, &[[0x03, 0x08], [0x02, 0x17]]);
    let location = [word(2), word(5), vec![2, 0, 0x30, 0x9f]]
        .concat()
        .repeat(5_000);
    let one = [&[3, b'v', 0], &word(0)[..]].concat();
    let listed = entries(
        &variable,
        &one.repeat(5_000),
        &[(".debug_loc", &[location, vec![0; 8]].concat())],
    );
    let string = abbreviation(3, 0x34, false, &[[0x03, 0x0e]]);
    let long = [&[b'x'; 100_000][..], &[0]].concat();
    let named = entries(
        &string,
        &[vec![3], word(0)].concat().repeat(20_000),
        &[(".debug_str", &long)],
    );
    let function = abbreviation(3, 0x2e, false, &[[0x03, 0x0e], [0x11, 0x01], [0x12, 0x06]]);
    let one = [vec![3], word(0), word(2), word(4)].concat();
    let functions = entries(&function, &one.repeat(2_000), &[(".debug_str", &long)]);
    vec![
        ("one list of ranges", shared),
        ("one list of locations", listed),
        ("one string of all", named),
        ("one string of all functions", functions),
    ]
}

fn locations() -> Vec<Named> {
    let first = first_offset() as u8;
    vec![
        (
            "a location of 200,000 operations",
            located(1, &[&[0x30][..], &[0x96].repeat(200_000), &[0x9f]].concat()),
        ),
        (
            "locations that jump in circles",
            located(100, &[0x30, 0x2f, 0xfc, 0xff, 0x9f]),
        ),
        (
            "locations that call each other",
            located(2_000, &[0x98, first, 0, 0x98, first, 0]),
        ),
        (
            "locations of many pieces",
            located(10, &[0x93, 1].repeat(10_000)),
        ),
        (
            "locations of entry values",
            located(10, &[0xa3, 0x7f].repeat(5_000)),
        ),
    ]
}

fn macros() -> Vec<Named> {
    let attributes = [[0x03, 0x08], [0x79, 0x17]];
    let table = [abbreviation(1, 0x11, false, &attributes), vec![0]].concat();
    let info = unit(0, &[&[1, b'a', 0], &word(0)[..]].concat());
    // DW_MACRO_import of the table itself, and of the next.
    let header = [4, 0, 0];
    let own = [
        &header[..],
        &[vec![7], word(0)].concat().repeat(10_000),
        &[0],
    ]
    .concat();
    let next = |i: usize| {
        [
            &header[..],
            &[vec![7], word((i + 1) * 14), vec![7], word((i + 1) * 14)].concat(),
            &[0],
        ]
        .concat()
    };
    let twice: Vec<u8> = (0..1_000).flat_map(next).collect();
    let defined = [&header[..], &b"\x01\x01A\0".repeat(50_000), &[0]].concat();
    let macros = |bytes: &[u8], units| {
        with(&[
            (".debug_info", &info.repeat(units)),
            (".debug_abbrev", &table),
            (".debug_macro", bytes),
        ])
    };
    vec![
        ("macros that import themselves", macros(&own, 1)),
        ("macros that import twice", macros(&twice, 1)),
        ("macros that units share", macros(&defined, 2_000)),
    ]
}

/// All of them.
pub fn inputs() -> Vec<Named> {
    [trees(), shared(), locations(), macros()].concat()
}

/// Core dumps of many frames, locals and threads, and of a memory that is not there.
pub fn cores() -> Vec<Named> {
    let header = b"\0asm\x01\0\0\0".to_vec();
    let process = with_section(&header, "core", &[&[0][..], &counted(b"app")].concat());
    let core = |name, contents: &[u8]| with_section(&process, name, contents);
    let thread = |frames: &[u8]| [&[0][..], &counted(b"main"), frames].concat();
    let frame = [0, 0, 0, 0, 0, 0];
    let frames = [leb(100_000), frame.repeat(100_000)].concat();
    let locals = [
        &[1, 0, 0, 0, 0][..],
        &leb(100_000),
        &[1].repeat(100_000),
        &[0],
    ]
    .concat();
    let endless = [vec![0xff, 0xff, 0xff, 0xff, 0x0f], frame.repeat(10)].concat();
    let memory = [process.clone(), section(5, b"\x01\0\x80\x80\x04")].concat();
    vec![
        (
            "a core of 100,000 frames",
            core("corestack", &thread(&frames)),
        ),
        (
            "a core of a frame of 100,000 locals",
            core("corestack", &thread(&locals)),
        ),
        (
            "a core of frames that are not there",
            core("corestack", &thread(&endless)),
        ),
        ("a core of a memory of 4 GiB", memory),
        (
            "a core of 10,000 stacks",
            [
                process,
                with_section(&[], "corestack", &thread(&[0])).repeat(10_000),
            ]
            .concat(),
        ),
    ]
}
