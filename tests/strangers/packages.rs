//! Packages and files of split units whose parts lie in each other, and files that say they are artifacts.

use super::costly::function;
use super::debug_info::{Named, unit, with, word};
use super::modules::{leb, with_section};

/// The number of units.
const UNITS: usize = 4_000;

/// `DW_TAG_compile_unit` of an identifier, and `DW_AT_GNU_dwo_name` in a skeleton.
fn table(name: bool) -> Vec<u8> {
    let name = if name { &[0xb0, 0x42, 0x08][..] } else { &[] };
    let block = [&leb(2)[..], &[0x34, 0, 0x1c, 0x0a, 0, 0]].concat();
    let variable = [&leb(3)[..], &[0x34, 0, 0x03, 0x08, 0, 0]].concat();
    let children = u8::from(name.is_empty());
    let root = [&[1, 0x11, children], name, &[0xb1, 0x42, 0x07, 0, 0]].concat();
    [root, block, variable, vec![0]].concat()
}

fn root(name: &[u8], id: usize) -> Vec<u8> {
    [&[1], name, &(id as u64).to_le_bytes()[..]].concat()
}

/// A module whose units are all elsewhere.
fn skeletons() -> Vec<u8> {
    let info = (0..UNITS).flat_map(|id| unit(0, &root(b"half.dwo\0", id)));
    let info: Vec<u8> = info.collect();
    with(&[(".debug_info", &info), (".debug_abbrev", &table(true))])
}

/// A unit to the end of the section, which each further unit is a block of.
fn nested() -> Vec<u8> {
    let tail = [3, b'v', 0].repeat(20_000);
    let size = unit(0, &root(b"", 0)).len();
    let mut out = Vec::new();
    for id in 0..UNITS {
        let rest = (UNITS - 1 - id) * (size + 2) + tail.len() + 1;
        let mut own = unit(0, &root(b"", id));
        own[..4].copy_from_slice(&word(size - 4 + rest));
        out.extend(own);
        if id + 1 < UNITS {
            out.extend([2, size as u8]);
        }
    }
    [out, tail, vec![0]].concat()
}

/// An index of DWARF 4 (GNU's): a unit at each place that `at` says, to the end of the section.
fn index(slots: usize, at: impl Fn(usize) -> usize, len: usize, table: usize) -> Vec<u8> {
    let mut out = [word(2), word(2), word(UNITS), word(slots)].concat();
    let mut ids = vec![0u64; slots];
    let mut rows = vec![0u32; slots];
    for id in 1..UNITS.min(slots) {
        // The place that the identifier hashes to, which is free: identifiers are numbers in turn.
        (ids[id], rows[id]) = (id as u64, id as u32 + 1);
    }
    out.extend(ids.iter().flat_map(|id| id.to_le_bytes()));
    out.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
    // DW_SECT_INFO, DW_SECT_ABBREV.
    out.extend([word(1), word(3)].concat());
    out.extend((0..UNITS).flat_map(|id| [word(at(id)), word(0)].concat()));
    out.extend((0..UNITS).flat_map(|id| [word(len - at(id)), word(table)].concat()));
    out
}

fn half(info: &[u8], index: Option<&[u8]>) -> Vec<u8> {
    let module = with_section(&function(&[], &[0]), ".debug_info.dwo", info);
    let module = with_section(&module, ".debug_abbrev.dwo", &table(false));
    match index {
        Some(index) => with_section(&module, ".debug_cu_index", index),
        None => module,
    }
}

/// A module, and a file beside it.
pub fn split() -> Vec<(&'static str, Vec<u8>, (&'static str, Vec<u8>))> {
    let (info, table) = (nested(), table(false).len());
    let step = unit(0, &root(b"", 0)).len() + 2;
    let all = |slots, step: usize| index(slots, |id| id * step, info.len(), table);
    // No place of it is free, so that a search for what it has not comes round.
    let mut full = index(1 << 12, |_| 0, info.len(), table);
    for slot in 0..1 << 12 {
        let id = (slot as u64 + 1) << 32 | 1;
        full[16 + 8 * slot..][..8].copy_from_slice(&id.to_le_bytes());
    }
    let endless = [word(2), word(2), word(1), word(1 << 31)].concat();
    vec![
        (
            "a package of units in each other",
            skeletons(),
            ("app.dwp", half(&info, Some(&all(1 << 13, step)))),
        ),
        (
            "a package of one unit for all",
            skeletons(),
            ("app.dwp", half(&info, Some(&all(1 << 13, 0)))),
        ),
        (
            "a package without a free slot",
            skeletons(),
            ("app.dwp", half(&info, Some(&full))),
        ),
        (
            "a package of 2 thousand million slots",
            skeletons(),
            ("app.dwp", half(&info, Some(&endless))),
        ),
        (
            "a file of units in each other",
            skeletons(),
            ("half.dwo", half(&info, None)),
        ),
    ]
}

/// ELF files of a header, and as many sections as its numbers can say.
pub fn artifacts() -> Vec<Named> {
    let elf = |sections: u16, at: u64, rest: &[u8]| {
        let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\x3e\0\x01\0\0\0".to_vec();
        header.resize(64, 0);
        header[40..48].copy_from_slice(&at.to_le_bytes());
        header[52..54].copy_from_slice(&64u16.to_le_bytes());
        header[58..60].copy_from_slice(&64u16.to_le_bytes());
        header[60..62].copy_from_slice(&sections.to_le_bytes());
        [&header[..], rest].concat()
    };
    // Each all of the file: SHT_PROGBITS, at 0.
    let mut whole = vec![0; 64];
    whole[4] = 1;
    whole[32..40].copy_from_slice(&4_000_000u64.to_le_bytes());
    vec![
        ("an artifact of its header", elf(0, 0, &[])),
        (
            "an artifact of sections that are not there",
            elf(0xffff, u64::MAX - 63, &[0; 4096]),
        ),
        (
            "an artifact of 60,000 sections of all of it",
            elf(60_000, 64, &whole.repeat(62_500)),
        ),
        ("an artifact of a million zeros", elf(0, 0, &[0; 1_000_000])),
    ]
}
