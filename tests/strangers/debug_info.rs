//! Debug info that is small for what they ask for, byte by byte: writers make nothing of the kind.

use super::costly::function;
use super::modules::{leb, with_section};

pub type Named = (&'static str, Vec<u8>);

pub fn word(value: usize) -> Vec<u8> {
    (value as u32).to_le_bytes().to_vec()
}

/// Three operators, at 2, 3 and 4, and sections.
pub fn with(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let module = function(&[1, 1, 0], &[0]);
    let add = |module: Vec<u8>, (name, bytes): &(&str, &[u8])| with_section(&module, name, bytes);
    sections.iter().fold(module, add)
}

/// A unit of version 4 with entries, whose abbreviations are at an offset.
pub fn unit(abbreviations: usize, entries: &[u8]) -> Vec<u8> {
    let rest = [&[4, 0], &word(abbreviations)[..], &[4], entries].concat();
    [word(rest.len()), rest].concat()
}

/// An abbreviation: code, tag, whether there are children, attributes.
pub fn abbreviation(code: usize, tag: u8, children: bool, attributes: &[[u8; 2]]) -> Vec<u8> {
    [
        leb(code),
        vec![tag, children.into()],
        attributes.concat(),
        vec![0, 0],
    ]
    .concat()
}

/// A root with a name, a line table and an extent that is all of the code.
pub fn root(children: bool) -> Vec<u8> {
    let attributes = [[0x03, 0x08], [0x10, 0x17], [0x11, 0x01], [0x12, 0x06]];
    abbreviation(1, 0x11, children, &attributes)
}

pub fn root_entry(lines: usize) -> Vec<u8> {
    [&[1, b'a', 0], &word(lines)[..], &word(0), &word(6)].concat()
}

/// A line table of version 4: files, and a program.
pub fn lines(files: &[u8], program: &[u8]) -> Vec<u8> {
    let lengths = [0, 1, 1, 1, 1, 0, 0, 0, 1];
    let header = [&[1, 1, 1, 0, 14, 10][..], &lengths, &[0], files, &[0]].concat();
    let rest = [&[4, 0], &word(header.len())[..], &header, program].concat();
    [word(rest.len()), rest].concat()
}

/// A sequence at 2.
pub fn sequence(rows: &[u8]) -> Vec<u8> {
    [&[0, 5, 2], &word(2)[..], rows, &[0, 1, 1]].concat()
}

fn with_lines(units: usize, lines: &[u8]) -> Vec<u8> {
    let info = unit(0, &root_entry(0)).repeat(units);
    let table = [root(false), vec![0]].concat();
    with(&[
        (".debug_info", &info),
        (".debug_abbrev", &table),
        (".debug_line", lines),
    ])
}

fn line_tables() -> Vec<Named> {
    let few = sequence(&[1]);
    let far = sequence(&[[2, 0x80, 0x80, 0x80, 0x80, 1, 1].repeat(50_000)].concat());
    let sequences = [&[0, 5, 2], &word(2)[..], &[1, 0, 1, 1]].concat();
    vec![
        (
            "units with one line table",
            with_lines(5000, &lines(&[], &sequence(&[1; 50_000]))),
        ),
        (
            "units with one list of files",
            with_lines(5000, &lines(&b"a\0\0\0\0".repeat(10_000), &few)),
        ),
        (
            "rows at each byte",
            with_lines(1, &lines(&[], &sequence(&[0x1c; 500_000]))),
        ),
        (
            "rows at one place",
            with_lines(1, &lines(&[], &sequence(&[1; 500_000]))),
        ),
        ("rows far from each other", with_lines(1, &lines(&[], &far))),
        (
            "rows by constants",
            with_lines(1, &lines(&[], &sequence(&[8, 1].repeat(200_000)))),
        ),
        (
            "sequences at one place",
            with_lines(1, &lines(&[], &sequences.repeat(50_000))),
        ),
        (
            "20,000 files",
            with_lines(1, &lines(&b"a\0\0\0\0".repeat(20_000), &few)),
        ),
        (
            "lines far from each other",
            with_lines(
                1,
                &lines(
                    &[],
                    &sequence(&[3, 0xff, 0xff, 0xff, 0xff, 7, 1].repeat(50_000)),
                ),
            ),
        ),
        (
            "operations that nobody knows",
            with_lines(1, &lines(&[], &sequence(&[0, 2, 0x90, 0].repeat(100_000)))),
        ),
    ]
}

fn abbreviations() -> Vec<Named> {
    let other = |i: usize| abbreviation(2 + i, 0x2e, false, &[[0x03, 0x08]]);
    let many: Vec<u8> = (0..12_000).flat_map(other).collect();
    let table = [root(false), many, vec![0]].concat();
    let start = root(false).len();
    // DW_AT_name by DW_FORM_flag_present, which takes no byte of an entry.
    let wide = vec![[0x03, 0x19]; 50_000];
    let wide = [root(true), abbreviation(2, 0x34, false, &wide), vec![0]].concat();
    let entries = [root_entry(0), vec![2; 5000], vec![0]].concat();
    let info =
        |place: fn(usize) -> usize| (0..5000).flat_map(move |i| unit(place(i), &root_entry(0)));
    let one: Vec<u8> = info(|_| 0).collect();
    let inside: Vec<u8> = (0..5000)
        .flat_map(|i| unit(start + 6 * i, &root_entry(0)))
        .collect();
    vec![
        (
            "units with one table of abbreviations",
            with(&[(".debug_info", &one), (".debug_abbrev", &table)]),
        ),
        (
            "tables inside of a table",
            with(&[(".debug_info", &inside), (".debug_abbrev", &table)]),
        ),
        (
            "entries of 50,000 empty attributes",
            with(&[
                (".debug_info", &unit(0, &entries)),
                (".debug_abbrev", &wide),
            ]),
        ),
    ]
}

/// All of them.
pub fn inputs() -> Vec<Named> {
    [line_tables(), abbreviations()].concat()
}
