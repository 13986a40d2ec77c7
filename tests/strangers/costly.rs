//! Inputs that are small for what they ask for: modules, and (in [`debug_info`](super::debug_info)) what describes them.

use super::modules::{counted, leb, with_section, with_source_map};

/// An input, the command that it is for, and how many bytes of memory for each of its own it may take.
pub struct Input {
    pub name: String,
    pub file: Vec<u8>,
    pub args: &'static [&'static str],
    pub factor: usize,
    /// A file beside it, where debug info is split.
    pub beside: Option<(&'static str, Vec<u8>)>,
}

const RUN: &[&str] = &["run", "-C", "cache=n", "app.wasm"];
const DEBUG: &[&str] = &["run", "-g", "-C", "cache=n", "app.wasm"];
const PRECOMPILED: &[&str] = &["run", "--allow-precompiled", "app.wasm"];
const CHECK: &[&str] = &["check-debug", "app.wasm"];
const INSPECT: &[&str] = &["inspect", "app.wasm"];
const LOOK_UP: &[&str] = &["addr2line", "app.wasm", "0x40"];

/// The number of blocks in each other, or one after another. With its own assertions the code generator compares, for each block, all
/// blocks around it.
const DEPTH: usize = if cfg!(debug_assertions) {
    5_000
} else {
    50_000
};

/// Bytes for each of the input's.
const FACTOR: usize = 20;
/// The size where all of it is one function: the code generator has all of a function's instructions in memory, hundreds of bytes for each,
/// and thousands for each block.
const ONE_FUNCTION: usize = if cfg!(debug_assertions) { 32 } else { 1000 };

pub fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id][..], &counted(contents)].concat()
}

fn module(types: &[u8], functions: &[u8], rest: &[(u8, Vec<u8>)], code: &[u8]) -> Vec<u8> {
    let start = (7, b"\x01\x06_start\0\0".to_vec());
    let mut sections = vec![(1, types.to_vec()), (3, functions.to_vec()), start];
    sections.extend_from_slice(rest);
    sections.push((10, code.to_vec()));
    // Data comes after code.
    sections.sort_by_key(|(id, _)| *id);
    let header = b"\0asm\x01\0\0\0".to_vec();
    let sections = sections.iter().map(|(id, it)| section(*id, it));
    std::iter::once(header).chain(sections).flatten().collect()
}

/// A module of one function, with code as bytes.
pub fn function(code: &[u8], locals: &[u8]) -> Vec<u8> {
    let body = counted(&[locals, code, &[0x0b]].concat());
    let memory = (5, vec![1, 0, 1]);
    module(
        &[1, 0x60, 0, 0],
        &[1, 0],
        &[memory],
        &[&[1], &body[..]].concat(),
    )
}

fn code(code: &[u8]) -> Vec<u8> {
    function(code, &[0])
}

/// Something as often as this, counted before it.
fn vector(count: usize, one: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    leb(count)
        .into_iter()
        .chain((0..count).flat_map(one))
        .collect()
}

/// Functions without parameters, with one body.
fn functions(count: usize, body: &[u8]) -> Vec<u8> {
    let bodies = vector(count, |_| counted(body));
    module(&[1, 0x60, 0, 0], &vector(count, |_| vec![0]), &[], &bodies)
}

/// A module of an empty function, and a section.
fn plain(id: u8, contents: Vec<u8>, others: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let rest = [&[(id, contents)], others].concat();
    module(&[1, 0x60, 0, 0], &[1, 0], &rest, &[1, 2, 0, 0x0b])
}

fn nested(open: &[u8], depth: usize) -> Vec<u8> {
    code(&[open.repeat(depth), vec![0x0b; depth]].concat())
}

/// Tables of so many targets each.
fn tables(tables: usize, count: usize, target: impl Fn(usize) -> u8) -> Vec<u8> {
    let targets = (0..count).map(target).collect();
    // block block (i32.load (i32.const 0)) br_table
    let before = b"\x02\x40\x02\x40\x41\0\x28\0\0\x0e".to_vec();
    let one = [before, leb(count), targets, b"\x01\x0b\x0b".to_vec()].concat();
    code(&one.repeat(tables))
}

/// Types of so many parameters, a function of each.
fn parameters(types: usize, each: usize) -> Vec<u8> {
    let ty = |i: usize| match i {
        0 => b"\x60\0\0".to_vec(),
        _ => [&[0x60][..], &vector(each, |_| vec![0x7f]), &[0]].concat(),
    };
    let bodies = vector(1001, |_| vec![2, 0, 0x0b]);
    let functions = vector(1001, |i| leb(if i == 0 { 0 } else { 1 + i % types }));
    module(&vector(types + 1, ty), &functions, &[], &bodies)
}

fn names(kind: u8, contents: &[u8]) -> Vec<u8> {
    [&[kind][..], &counted(contents)].concat()
}

fn large() -> Vec<(&'static str, Vec<u8>)> {
    let ty = |results| [&[0x60][..], &vector(1000, |_| vec![0x7f]), results].concat();
    let types = [&[2, 0x60, 0, 0][..], &ty(&vector(1000, |_| vec![0x7f]))].concat();
    let blocks = [
        b"\x41\0".repeat(1000),
        b"\x02\x01\x0b".repeat(100),
        b"\x1a".repeat(1000),
    ];
    let body = counted(&[&[0], &blocks.concat()[..], &[0x0b]].concat());
    let wide = module(&types, &[1, 0], &[], &[&[1], &body[..]].concat());
    vec![
        ("loops in each other", nested(&[3, 0x40], DEPTH)),
        ("blocks in each other", nested(&[2, 0x40], DEPTH)),
        (
            "conditions in each other",
            nested(&[0x41, 1, 4, 0x40], DEPTH),
        ),
        (
            "loops, one after the other",
            code(&[3, 0x40, 0x0b].repeat(DEPTH)),
        ),
        (
            "conditions, one after the other",
            code(&[0x41, 1, 4, 0x40, 0x0b].repeat(DEPTH)),
        ),
        (
            "calls, one after the other",
            code(&[0x41, 0, 4, 0x40, 0x10, 0, 0x0b].repeat(DEPTH)),
        ),
        (
            "values set",
            function(&[0x41, 0, 0x21, 0].repeat(100_000), &[1, 1, 0x7f]),
        ),
        (
            "values loaded",
            code(&[0x41, 0, 0x28, 0, 0, 0x1a].repeat(50_000)),
        ),
        (
            "operands kept",
            code(&[[0x41, 0].repeat(30_000), vec![0x1a; 30_000]].concat()),
        ),
        (
            "code behind its end",
            code(&[vec![0], [2, 0x40].repeat(50_000), vec![0x0b; 50_000]].concat()),
        ),
        ("blocks of 1,000 values", wide),
        ("20 types of 1,000 parameters", parameters(20, 1000)),
    ]
}

fn fifty_thousand_locals() -> Vec<u8> {
    function(&[], &[1, 0xd0, 0x86, 0x03, 0x7f])
}

fn thirty_thousand_exports() -> Vec<u8> {
    let export = |i: usize| [counted(format!("e{i}").as_bytes()), vec![0, 0]].concat();
    let exports = [
        b"\xb1\xea\x01\x06_start\0\0".to_vec(),
        (0..30_000).flat_map(export).collect(),
    ];
    let exported = module(&[1, 0x60, 0, 0], &[1, 0], &[], &[1, 2, 0, 0x0b]);
    exported.replacen(
        &section(7, b"\x01\x06_start\0\0"),
        &section(7, &exports.concat()),
    )
}

fn small() -> Vec<(&'static str, Vec<u8>)> {
    let memory = (5, vec![1, 0, 1]);
    let table = (4, vec![1, 0x70, 0, 1]);
    let imports = vector(10_000, |_| b"\x01a\x01b\0\0".to_vec());
    let many_locals = [&[1][..], &leb(50_000), &[0x7f, 0x0b]].concat();
    vec![
        ("a million nops", code(&vec![1; 1_000_000])),
        ("160,000 targets alike", tables(1, 160_000, |_| 0)),
        ("a million targets alike", tables(1, 1_000_000, |_| 0)),
        (
            "160,000 targets in turns",
            tables(1, 160_000, |i| (i % 2) as u8),
        ),
        (
            "300 tables of 500 targets in turns",
            tables(300, 500, |i| (i % 2) as u8),
        ),
        ("50,000 locals", fifty_thousand_locals()),
        ("50 functions of 50,000 locals", functions(50, &many_locals)),
        ("20,000 functions", functions(20_000, &[0, 0x0b])),
        ("1,000 parameters of 1,000 functions", parameters(1, 1000)),
        (
            "a memory of 4 GiB",
            plain(5, b"\x01\0\x80\x80\x04".to_vec(), &[]),
        ),
        (
            "a table of 10 million",
            plain(4, b"\x01\x70\0\x80\xad\xe2\x04".to_vec(), &[]),
        ),
        (
            "10,000 imports",
            module(&[1, 0x60, 0, 0], &[1, 0], &[(2, imports)], &[1, 2, 0, 0x0b]),
        ),
        (
            "30,000 globals",
            plain(6, vector(30_000, |_| vec![0x7f, 0, 0x41, 0, 0x0b]), &[]),
        ),
        ("30,000 exports", thirty_thousand_exports()),
        (
            "5,000 types",
            module(
                &vector(5_000, |_| vec![0x60, 0, 0]),
                &[1, 0],
                &[],
                &[1, 2, 0, 0x0b],
            ),
        ),
        (
            "50,000 pieces of data",
            plain(11, vector(50_000, |_| b"\x01\x01x".to_vec()), &[memory]),
        ),
        (
            "50,000 elements",
            plain(9, vector(50_000, |_| vec![1, 0, 1, 0]), &[table]),
        ),
    ]
}

fn custom_sections() -> Vec<(&'static str, Vec<u8>)> {
    let local = |i: usize| [leb(i), counted(format!("l{i}").as_bytes())].concat();
    let local_names = [&[1, 0][..], &vector(50_000, local)].concat();
    let wrapped = |i: usize| [leb(i), counted(format!("f{i}.command_export").as_bytes())].concat();
    vec![
        (
            "100,000 custom sections",
            [code(&[]), section(0, b"\x01x").repeat(100_000)].concat(),
        ),
        (
            "names of 50,000 locals",
            with_section(
                &fifty_thousand_locals(),
                "name",
                &names(2, &[&[1], &local_names[..]].concat()),
            ),
        ),
        (
            "names of 20,000 wrappers",
            with_section(
                &functions(20_000, &[0, 0x0b]),
                "name",
                &names(1, &vector(20_000, wrapped)),
            ),
        ),
        (
            "a name of a million bytes",
            with_section(
                &code(&[]),
                "name",
                &names(1, &[&[1, 0], &counted(&[b'n'; 1_000_000])[..]].concat()),
            ),
        ),
    ]
}

fn mangled_names() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (
            "names in names",
            with_section(
                &code(&[0]),
                "name",
                &names(
                    1,
                    &[&[1, 0], &counted(&b"_ZN1a".repeat(50_000))[..]].concat(),
                ),
            ),
        ),
        (
            "templates in templates",
            with_section(
                &code(&[0]),
                "name",
                &names(
                    1,
                    &[
                        &[1, 0],
                        &counted(&[&b"_Z1f"[..], &b"1aI".repeat(20_000)].concat())[..],
                    ]
                    .concat(),
                ),
            ),
        ),
    ]
}

/// Replaces a part of bytes.
trait Replace {
    fn replacen(self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    fn replacen(self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = self.windows(from.len()).position(|it| it == from);
        let (before, rest) = self.split_at(at.expect("what is replaced"));
        [before, to, &rest[from.len()..]].concat()
    }
}

fn source_maps() -> Vec<(&'static str, Vec<u8>)> {
    let map = |members: &str| with_source_map(&code(&[0]), &format!("{{\"version\":3,{members}}}"));
    let none = "\"sources\":[\"a\"],\"names\":[],\"mappings\":";
    let index = "{\"offset\":{\"line\":0,\"column\":0},\"map\":{\"version\":3,\"sources\":[],\"mappings\":\"\"}},";
    let sections = index.repeat(5_000);
    let sources = "\"a\",".repeat(50_000);
    vec![
        (
            "a map of a million segments",
            map(&format!("{none}\"{}\"", "A,".repeat(500_000))),
        ),
        (
            "a map of rows at one place",
            map(&format!("{none}\"{}\"", "AAAA,".repeat(100_000))),
        ),
        (
            "a map of a number without end",
            map(&format!("{none}\"{}\"", "g".repeat(500_000))),
        ),
        (
            "a map of lines",
            map(&format!("{none}\"{}\"", ";".repeat(500_000))),
        ),
        (
            "a map of 50,000 sources",
            map(&format!(
                "\"sources\":[{}],\"names\":[],\"mappings\":\"AAAA\"",
                sources.trim_end_matches(',')
            )),
        ),
        (
            "a map of 5,000 maps",
            map(&format!(
                "\"sections\":[{}]",
                sections.trim_end_matches(',')
            )),
        ),
        (
            "a map of lists in lists",
            map(&format!("\"sources\":{}", "[".repeat(100_000))),
        ),
    ]
}

impl Input {
    /// For each of the commands.
    fn each(
        name: &str,
        file: &[u8],
        factor: usize,
        commands: &'static [(&'static str, &'static [&'static str])],
    ) -> impl Iterator<Item = Input> {
        commands.iter().map(move |(how, args)| Input {
            name: format!("{name}, {how}"),
            file: file.to_vec(),
            args,
            factor,
            beside: None,
        })
    }
}

const RUNS: &[(&str, &[&str])] = &[("run", RUN), ("run -g", DEBUG)];
const READS: &[(&str, &[&str])] = &[
    ("run -g", DEBUG),
    ("check-debug", CHECK),
    ("addr2line", LOOK_UP),
];

/// Modules and source maps, each with the command that it is for.
pub fn modules() -> Vec<Input> {
    let large = large().into_iter().map(|it| (it, ONE_FUNCTION));
    let small = small().into_iter().chain(custom_sections());
    let small = small.chain(mangled_names());
    let small = small.map(|it| (it, FACTOR));
    let mut inputs = Vec::new();
    for ((name, file), factor) in large.chain(small) {
        inputs.extend(Input::each(name, &file, factor, RUNS));
    }
    for (name, file) in source_maps() {
        inputs.extend(Input::each(name, &file, FACTOR, READS));
    }
    inputs
}

/// Debug info.
pub fn described() -> Vec<Input> {
    let mut inputs = Vec::new();
    for (name, file) in super::debug_info::inputs()
        .into_iter()
        .chain(super::entries::inputs())
        .chain(super::shared::inputs())
        .chain(super::amounts::inputs())
    {
        inputs.extend(Input::each(name, &file, FACTOR, READS));
    }
    inputs
}

/// Core dumps, artifacts, and packages beside a module.
pub fn files() -> Vec<Input> {
    let mut inputs = Vec::new();
    for (name, file) in super::entries::cores() {
        inputs.extend(Input::each(name, &file, FACTOR, &[("inspect", INSPECT)]));
    }
    for (name, file) in super::packages::artifacts() {
        inputs.extend(Input::each(
            name,
            &file,
            FACTOR,
            &[("run", PRECOMPILED), ("inspect", INSPECT)],
        ));
    }
    for (name, file, beside) in super::packages::split() {
        for input in Input::each(name, &file, FACTOR, READS) {
            let beside = Some(beside.clone());
            inputs.push(Input { beside, ..input });
        }
    }
    inputs
}
