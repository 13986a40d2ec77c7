//! Code ranges and lines, mapped: what llvm-symbolizer says of an address of the module, it says of the machine code that was made for
//! it; and what the line tables promise to debuggers.

mod support;

use dwalin_debuginfo::container::Container;
use dwalin_oracle::module;
use gimli::{EndianSlice, LittleEndian};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};
use support::{Folder, code, equipped};

/// A program, and the image for it.
struct Mapped {
    folder: Folder,
    wasm: Vec<u8>,
    image: Vec<u8>,
    code: Code,
}

/// The machine code of a module, as it is placed in an image.
#[derive(Default)]
struct Code {
    /// Instructions that have code: where they are as DWARF counts, and where their code begins.
    instructions: Vec<(u64, u64)>,
    /// Functions, by where they begin.
    functions: BTreeMap<u64, Vec<u8>>,
}

impl Mapped {
    fn new(source: &str, flags: &[&str]) -> Mapped {
        let name = format!("mapping-{source}{}", flags.concat().replace('/', "-"));
        let folder = Folder::new(&name);
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
        let text = fs::read(programs.join(source)).unwrap();
        let app = if source.ends_with(".cpp") {
            "app.cpp"
        } else {
            "app.c"
        };
        folder.write(app, text);
        fs::copy(programs.join("header.h"), folder.path("header.h")).unwrap();
        folder.compile(app, flags);
        folder.image("app.wasm", &[]);
        let wasm = fs::read(folder.path("app.wasm")).unwrap();
        let image = fs::read(folder.path("image.elf")).unwrap();
        let code = mapped(&folder.path("app.wasm"), &wasm, &image);
        Mapped {
            folder,
            wasm,
            image,
            code,
        }
    }

    /// The frames at addresses of a file, the innermost first: functions, but for the outermost, and places.
    fn frames(&self, file: &str, addresses: impl Iterator<Item = u64>) -> Vec<Vec<String>> {
        let mut symbolizer = Command::new("llvm-symbolizer-19")
            .args(["--no-demangle", "--obj", &self.folder.text(file)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asked: String = addresses.map(|address| format!("{address:#x}\n")).collect();
        let mut stdin = symbolizer.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
        let said = symbolizer.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let answers = said.trim_end().split("\n\n").map(|answer| {
            let mut rows: Vec<_> = answer.lines().map(str::to_owned).collect();
            // The outermost may be called as its symbol is.
            let outermost = rows.len().saturating_sub(2);
            rows.remove(outermost);
            rows
        });
        answers.collect()
    }
}

/// The instructions of a module that have code in an image.
fn mapped(path: &Path, wasm: &[u8], image: &[u8]) -> Code {
    let elf = object::File::parse(image).unwrap();
    let read = module::Module::parse(wasm).unwrap();
    let mut mapped = Code::default();
    for (pieces, body) in code::functions(path, wasm, &elf).iter().zip(&read.bodies) {
        let Some(start) = pieces.first().map(|piece| piece.start) else {
            continue;
        };
        let mut seen = BTreeSet::new();
        for piece in pieces {
            // Not the prologue, which goes on with the declaration of locals, and of several pieces the first.
            let pc = piece.pc.filter(|pc| *pc >= body.code[0].0).map(u64::from);
            if let Some(pc) = pc.filter(|pc| piece.start > start && seen.insert(*pc)) {
                mapped.instructions.push((pc, piece.start));
            }
        }
        let bytes = pieces.iter().flat_map(|piece| &piece.bytes);
        mapped.functions.insert(start, bytes.copied().collect());
    }
    mapped
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

fn dwarf(bytes: &[u8]) -> gimli::read::Dwarf<Slice<'_>> {
    let container = Container::parse(bytes).unwrap();
    let load = |id: gimli::SectionId| {
        let bytes = container.section(id.name()).unwrap_or(&[]);
        Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
    };
    gimli::read::Dwarf::load(load).unwrap()
}

/// A row of a line table: where, the file's name and the line; and whether it begins a statement.
struct Row {
    address: u64,
    place: (String, u64),
    is_stmt: bool,
}

/// The sequences of all line tables, whose code was not dropped; each ends with the address after it.
fn sequences(dwarf: &gimli::read::Dwarf<Slice<'_>>) -> Vec<(Vec<Row>, u64)> {
    let mut found = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().unwrap() {
        let unit = dwarf.unit(header).unwrap();
        let unit = unit.unit_ref(dwarf);
        let Some(program) = unit.line_program.clone() else {
            continue;
        };
        let mut rows = program.rows();
        let mut sequence = Vec::new();
        while let Some((header, row)) = rows.next_row().unwrap() {
            if row.end_sequence() {
                let rows = std::mem::take(&mut sequence);
                found.push((rows, row.address()));
                continue;
            }
            let name = row.file(header).map_or_else(String::new, |file| {
                let name = unit.attr_string(file.path_name()).unwrap();
                let name = name.to_string_lossy();
                name.rsplit('/').next().unwrap_or_default().to_owned()
            });
            sequence.push(Row {
                address: row.address(),
                place: (name, row.line().map_or(0, |line| line.get())),
                is_stmt: row.is_stmt(),
            });
        }
    }
    // The linker's mark of dropped code, and of code without an address.
    found.retain(|(rows, _)| {
        let first = rows.first().map_or(0, |row| row.address);
        first != 0 && u32::try_from(first).is_ok_and(|first| first < u32::MAX - 1)
            || first >> 32 != 0
    });
    found
}

/// The ranges of functions that have code.
fn functions(dwarf: &gimli::read::Dwarf<Slice<'_>>) -> Vec<std::ops::Range<u64>> {
    let mut found = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().unwrap() {
        let unit = dwarf.unit(header).unwrap();
        let unit = unit.unit_ref(dwarf);
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs().unwrap() {
            if entry.tag() == gimli::DW_TAG_subprogram {
                let mut ranges = unit.die_ranges(entry).unwrap();
                while let Some(range) = ranges.next().unwrap() {
                    found.push(range.begin..range.end);
                }
            }
        }
    }
    found
}

#[test]
fn frames_and_lines_are_those_of_the_module() {
    if !equipped() {
        return;
    }
    for (source, flags) in [
        ("recursion.c", &["-g", "-O2", "-gdwarf-5"][..]),
        ("sort.c", &["-g", "-O2", "-gdwarf-4"]),
        ("inheritance.cpp", &["-g", "-Os", "-gdwarf-5"]),
        ("tree.c", &["-g", "-O1", "-gdwarf-3"]),
        ("structs.c", &["-g", "-O0", "-gdwarf-2"]),
    ] {
        let mapped = Mapped::new(source, flags);
        let pcs = mapped.frames(
            "app.wasm",
            mapped.code.instructions.iter().map(|(pc, _)| *pc),
        );
        let addresses = mapped.frames(
            "image.elf",
            mapped.code.instructions.iter().map(|(_, at)| *at),
        );
        assert_eq!(pcs.len(), mapped.code.instructions.len());
        assert_eq!(addresses.len(), mapped.code.instructions.len());
        let mut inlined = 0;
        for (i, (pc, address)) in mapped.code.instructions.iter().enumerate() {
            let (expected, mut seen) = (&pcs[i], addresses[i].clone());
            // Between a function's entry and its first line there has to be one all the same.
            for (expected, seen) in expected.iter().zip(&mut seen) {
                if expected == "??:0:0" {
                    seen.clone_from(expected);
                }
            }
            assert_eq!(
                expected, &seen,
                "{source} {flags:?}: {pc:#x} at {address:#x}"
            );
            inlined += usize::from(pcs[i].len() > 1);
        }
        assert!(
            inlined > 20 || flags.contains(&"-O0"),
            "{source}: {inlined}"
        );
    }
}

#[test]
fn every_address_of_a_described_function_has_a_row() {
    if !equipped() {
        return;
    }
    for flags in [
        &["-g", "-O0"][..],
        &["-g", "-O2"],
        &["-g", "-Os", "-gdwarf-4"],
    ] {
        for source in ["sort.c", "header.c", "classes.cpp"] {
            let mapped = Mapped::new(source, flags);
            let dwarf = dwarf(&mapped.image);
            let sequences = sequences(&dwarf);
            let functions = functions(&dwarf);
            assert!(functions.len() > 10);
            for function in functions {
                // A function without any line in the module, as the linker's own are, has none here.
                let covering = sequences.iter().find(|(rows, end)| {
                    rows.iter().any(|row| row.address == function.start) && *end >= function.end
                });
                let touching = sequences
                    .iter()
                    .any(|(rows, end)| rows[0].address < function.end && *end > function.start);
                assert!(
                    covering.is_some() || !touching,
                    "{source} {flags:?} {function:x?}"
                );
            }
        }
    }
}

#[test]
fn every_statement_has_code_where_nothing_is_optimised() {
    if !equipped() {
        return;
    }
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let names = fs::read_dir(programs).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut sources: Vec<_> = names
        .filter(|name| name.ends_with(".c") || name.ends_with(".cpp"))
        .collect();
    sources.sort();
    for (i, source) in sources.iter().enumerate() {
        let version = ["-gdwarf-5", "-gdwarf-4", "-gdwarf-3", "-gdwarf-2"][i % 4];
        let mapped = Mapped::new(source, &["-g", "-O0", version]);
        let statements = |bytes| -> BTreeSet<_> {
            let sequences = sequences(&dwarf(bytes));
            let rows = sequences.into_iter().flat_map(|(rows, _)| rows);
            let statements = rows.filter(|row| row.is_stmt && row.place.0.starts_with("app."));
            statements.map(|row| row.place).collect()
        };
        let (asked, there) = (statements(&mapped.wasm), statements(&mapped.image));
        assert!(asked.len() > 5, "{source}");
        let missing: Vec<_> = asked.difference(&there).collect();
        assert!(missing.is_empty(), "{source} {version}: {missing:?}");
    }
}

#[test]
fn calls_return_behind_call_instructions() {
    if !equipped() {
        return;
    }
    for (source, flags) in [
        ("callbacks.c", &["-g", "-O1", "-gdwarf-5"][..]),
        ("tree.c", &["-g", "-O1", "-gdwarf-5"]),
        ("virtuals.cpp", &["-g", "-O2", "-gdwarf-4", "-glldb"]),
    ] {
        let mapped = Mapped::new(source, flags);
        let returns = |bytes| {
            let dwarf = dwarf(bytes);
            let mut found = Vec::new();
            let mut units = dwarf.units();
            while let Some(header) = units.next().unwrap() {
                let unit = dwarf.unit(header).unwrap();
                let unit = unit.unit_ref(&dwarf);
                let mut entries = unit.entries();
                while let Some(entry) = entries.next_dfs().unwrap() {
                    let address = entry.attr_value(gimli::DW_AT_call_return_pc);
                    found.extend(address.and_then(|it| unit.attr_address(it).unwrap()));
                }
            }
            found
        };
        let (asked, there) = (returns(&mapped.wasm), returns(&mapped.image));
        assert!(asked.len() > 1, "{source}: {asked:x?}");
        assert_eq!(asked.len(), there.len());
        let different: BTreeSet<_> = there.iter().collect();
        assert_eq!(different.len(), there.len());
        for address in there {
            let (start, code) = mapped.code.functions.range(..address).next_back().unwrap();
            let before = &code[..(address - start) as usize];
            // A call of a place, or of what a register has.
            let direct = before.len() >= 5 && before[before.len() - 5] == 0xe8;
            let indirect = before.len() >= 2 && before[before.len() - 2] == 0xff;
            assert!(
                direct || indirect,
                "{source}: {address:#x} is behind {before:x?}"
            );
        }
    }
}
