//! Debug info that is large in one way: nothing in it is shared or wrong.

use super::costly::function;
use super::debug_info::{Named, abbreviation, lines, root, root_entry, sequence, unit, with, word};
use super::entries::entries;
use super::modules::{counted, leb, with_section};

/// A function of a million bytes, with variables that each have a list of locations and an extent of their own.
fn large_function() -> Vec<u8> {
    let body = [0x41, 0, 0x1a].repeat(333_000);
    let end = 6 + body.len();
    let module = function(&body, &[0]);
    let root = abbreviation(1, 0x11, true, &[[0x03, 0x08], [0x11, 0x01], [0x12, 0x06]]);
    let code = [[0x03, 0x08], [0x11, 0x01], [0x12, 0x06]];
    let function = abbreviation(2, 0x2e, true, &code);
    let block = abbreviation(3, 0x0b, true, &code[1..]);
    let variable = abbreviation(4, 0x34, false, &[[0x03, 0x08], [0x02, 0x17]]);
    let table = [root, function, block, variable, vec![0]].concat();
    let (mut info, mut locations) = (Vec::new(), Vec::new());
    for i in 0..5_000 {
        let (from, to) = (10 + i * 100, 10 + i * 100 + 1_000);
        info.extend([vec![3], word(from), word(1_000)].concat());
        info.extend([vec![4, b'v', 0], word(locations.len()), vec![0]].concat());
        for part in (from..to).step_by(200) {
            let operations = counted(&[0x08, i as u8, 0x9f]);
            let size = (operations.len() as u16 - 1).to_le_bytes();
            let place = [word(part), word(part + 150), size.to_vec()].concat();
            locations.extend([place, operations[1..].to_vec()].concat());
        }
        locations.extend([0; 8]);
    }
    let outer = [
        vec![1, b'a', 0],
        word(0),
        word(end),
        vec![2, b'f', 0],
        word(4),
        word(end - 4),
    ];
    let info = unit(0, &[outer.concat(), info, vec![0, 0]].concat());
    let sections: [(&str, &[u8]); 3] = [
        (".debug_info", &info),
        (".debug_abbrev", &table),
        (".debug_loc", &locations),
    ];
    sections.iter().fold(module, |module, (name, bytes)| {
        with_section(&module, name, bytes)
    })
}

/// Structures of three members, each of which is a pointer to the one before.
fn types(count: usize) -> Vec<u8> {
    let structure = abbreviation(3, 0x13, true, &[[0x03, 0x08], [0x0b, 0x0b]]);
    let member = abbreviation(4, 0x0d, false, &[[0x03, 0x08], [0x49, 0x13], [0x38, 0x0b]]);
    let pointer = abbreviation(5, 0x0f, false, &[[0x49, 0x13]]);
    let variable = abbreviation(6, 0x34, false, &[[0x03, 0x08], [0x49, 0x13], [0x02, 0x18]]);
    let first = 11 + root_entry(0).len() + 11;
    let (mut all, mut before) = (Vec::new(), first);
    for i in 0..count {
        let pointer = first + all.len();
        all.extend([vec![5], word(before)].concat());
        before = first + all.len();
        all.extend([vec![3], format!("s{i}\0").into_bytes(), vec![12]].concat());
        for at in [0, 4, 8] {
            all.extend([vec![4, b'm', 0], word(pointer), vec![at]].concat());
        }
        all.push(0);
    }
    all.extend([vec![6, b'v', 0], word(before), counted(&[0x03, 8, 0, 0, 0])].concat());
    entries(&[structure, member, pointer, variable].concat(), &all, &[])
}

/// Pointers that are each to the one before, so many in a row, and a variable of the last of each row.
pub fn pointers(count: usize, row: usize) -> Vec<u8> {
    let base = abbreviation(3, 0x24, false, &[[0x03, 0x08], [0x0b, 0x0b], [0x3e, 0x0b]]);
    let pointer = abbreviation(4, 0x0f, false, &[[0x49, 0x13]]);
    let variable = abbreviation(5, 0x34, false, &[[0x03, 0x08], [0x49, 0x13], [0x02, 0x18]]);
    let first = 11 + root_entry(0).len() + 11;
    let place = counted(&[0x03, 8, 0, 0, 0]);
    let (mut all, mut variables, mut before) = (vec![3, b'i', 0, 4, 5], Vec::new(), first);
    for i in 0..count {
        let to = if i % row == 0 { first } else { before };
        before = first + all.len();
        all.extend([vec![4], word(to)].concat());
        if i % row == row - 1 {
            variables.extend([&[5, b'v', 0], &word(before)[..], &place].concat());
        }
    }
    let table = [base, pointer, variable].concat();
    entries(&table, &[all, variables].concat(), &[])
}

fn files(files: usize, directories: usize) -> Vec<u8> {
    let names: Vec<u8> = (0..directories)
        .flat_map(|i| format!("d{i}\0").into_bytes())
        .collect();
    let file = |i: usize| {
        [
            format!("f{i}.c\0").into_bytes(),
            leb(1 + i % directories.max(1)),
            vec![0, 0],
        ]
        .concat()
    };
    let files: Vec<u8> = (0..files).flat_map(file).collect();
    let table = [lines_with(&names, &files), Vec::new()].concat();
    let info = unit(0, &root_entry(0));
    let abbreviations = [root(false), vec![0]].concat();
    with(&[
        (".debug_info", &info),
        (".debug_abbrev", &abbreviations),
        (".debug_line", &table),
    ])
}

/// A line table with directories, which [`lines`] has none of.
fn lines_with(directories: &[u8], files: &[u8]) -> Vec<u8> {
    let table = lines(files, &sequence(&[1]));
    // Behind the lengths of the operations, of which there are nine: the directories' end.
    let at = 4 + 2 + 4 + 6 + 9;
    assert_eq!(table[at], 0);
    let mut table = [&table[..at], directories, &table[at..]].concat();
    let length = table.len() - 4;
    table[..4].copy_from_slice(&word(length));
    let header = u32::from_le_bytes(table[6..10].try_into().unwrap()) as usize;
    table[6..10].copy_from_slice(&word(header + directories.len()));
    table
}

/// Blocks in each other, with code each.
fn blocks(depth: usize) -> Vec<u8> {
    let block = abbreviation(3, 0x0b, true, &[[0x11, 0x01], [0x12, 0x06]]);
    let one = [vec![3], word(2), word(4)].concat();
    let variable = abbreviation(4, 0x34, false, &[[0x03, 0x08], [0x02, 0x18]]);
    let inner = [vec![4, b'v', 0], counted(&[0x30, 0x9f])].concat();
    let all = [one.repeat(depth), inner, vec![0; depth]].concat();
    entries(&[block, variable].concat(), &all, &[])
}

/// An index whose counts and offsets are not those of anything.
fn index_that_lies() -> Vec<u8> {
    let sizes = [1, 0, 0, 0x7fff_ffff, 0x7fff_ffff, 0x7fff_ffff, 4]
        .map(word)
        .concat();
    let rest = [&[5, 0, 0, 0][..], &sizes, &word(0), &[0xff; 4_096]].concat();
    let names = [word(rest.len()), rest].concat();
    entries(&[], &[], &[(".debug_names", &names)])
}

/// All of them.
pub fn inputs() -> Vec<Named> {
    let custom = |name: &str, contents: &[u8], count: usize| {
        let module = entries(&[], &[], &[]);
        (0..count).fold(module, |mut module, _| {
            module.extend(with_section(&[], name, contents));
            module
        })
    };
    vec![
        ("a function of a million bytes", large_function()),
        ("10,000 types", types(10_000)),
        ("30,000 types", types(30_000)),
        ("30,000 pointers in a row", pointers(30_000, 30_000)),
        ("120,000 pointers in a row", pointers(120_000, 120_000)),
        ("120,000 pointers in rows of 8", pointers(120_000, 8)),
        ("100,000 files of as many folders", files(100_000, 100_000)),
        ("100,000 files of one folder", files(100_000, 1)),
        ("100,000 blocks in each other", blocks(100_000)),
        ("an index that lies", index_that_lies()),
        (
            "sections of one name",
            custom(".debug_info", &[0; 8], 50_000),
        ),
        ("name sections", custom("name", &[1, 1, 0], 50_000)),
        ("producers", custom("producers", &[0], 50_000)),
    ]
}
