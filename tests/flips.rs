//! Files with one bit flipped: none ends in a panic, and what was compiled before is never taken for something else.
//!
//! `cargo test --test flips -- --nocapture` prints what became of how many.

mod support;

use dwalin_runtime::{Config, DebugFiles, Engine, Instance, Module, Store};
use gimli::{EndianSlice, LittleEndian};
use object::{Object, ObjectSection, ObjectSymbol};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};
use support::{Folder, equipped};

/// The number of bits of a file that are flipped, one after the other, spread over all of it.
const FLIPS: usize = 2000;

/// Checks each of them, and prints how many gave what.
fn each_flip<'o>(what: &str, bytes: &[u8], mut check: impl FnMut(usize, Vec<u8>) -> &'o str) {
    let bits = bytes.len() * 8;
    let mut outcomes = BTreeMap::new();
    for flip in 0..FLIPS {
        // Each of a byte's bits in turn.
        let bit = bits * flip / FLIPS / 8 * 8 + flip % 8;
        let mut damaged = bytes.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        *outcomes.entry(check(bit, damaged)).or_insert(0) += 1;
    }
    println!("{FLIPS} bits of {bits} of {what}: {outcomes:?}");
}

const PROGRAM: &str = r#"(module (memory (export "m") 1) (data (i32.const 8) "\2a")
    (func $add (param $a i32) (result i32) (i32.add (local.get $a) (i32.load (i32.const 8))))
    (func (export "f") (result i32) (call $add (i32.const 1234))))"#;

fn call(engine: &Engine, module: &Module) -> i32 {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    f.call(&mut store, ()).unwrap()
}

/// The only file below a folder.
fn only_file(folder: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    match &found[..] {
        [file] => file.clone(),
        _ => panic!("{found:?}"),
    }
}

#[test]
fn a_cached_module_with_a_flipped_bit_is_compiled_again() {
    for debug_info in [false, true] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flips-cache");
        fs::remove_dir_all(&folder).ok();
        let engine = Engine::new(
            Config::new()
                .debug_info(debug_info)
                .parallel_compilation(false)
                .cache_folder(&folder),
        );
        let module = || Module::new(&engine, PROGRAM).unwrap();
        let code = module().serialize().to_vec();
        let file = only_file(&folder);
        let what = format!("a cached module, debug info: {debug_info}");
        each_flip(&what, &fs::read(&file).unwrap(), |bit, damaged| {
            fs::remove_file(&file).unwrap();
            fs::write(&file, damaged).unwrap();
            assert!(module().serialize() == code, "{bit}");
            "compiled again"
        });
        assert_eq!(call(&engine, &module()), 1276);
    }
}

#[test]
fn an_artifact_with_a_flipped_bit_is_refused() {
    let engine = Engine::new(Config::new().debug_info(true));
    let module = Module::new(&engine, PROGRAM).unwrap();
    each_flip("an artifact", module.serialize(), |bit, damaged| {
        // SAFETY: what differs from an artifact of ours is refused before anything of it is run.
        let again = unsafe { Module::deserialize(&engine, &damaged) };
        assert!(again.is_err(), "{bit}");
        "refused"
    });
}

/// A package has no checksum: what is damaged is another name or number, or is told. Where nothing is told, functions have the same
/// names, call frame information and lines; in any case a debugger can read all that is said of variables and types.
#[test]
fn a_package_with_a_flipped_bit_gives_an_image() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("flips-package");
    folder.write(
        "app.c",
        "struct pair { int a; long long b; struct pair *next; };\nstatic struct pair all[3];\n\
         static inline int twice(int n) { return 2 * n; }\n\
         int f(int n) { int s = 0; for (int i = 0; i < n; i++) { struct pair *p = &all[i % 3]; s += twice(p->a); } return s; }\n",
    );
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        folder.tool(&[
            "clang-19",
            "--target=wasm32-wasi",
            "-g",
            version,
            "-gsplit-dwarf",
            "-O1",
            "-c",
            "app.c",
            "-o",
            "app.o",
        ]);
        let link = [
            "wasm-ld-19",
            "--no-entry",
            "--export=f",
            "app.o",
            "-o",
            "app.wasm",
        ];
        folder.tool(&link);
        folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "package"]);
        let wasm = fs::read(folder.path("app.wasm")).unwrap();
        check_package(version, &wasm, &fs::read(folder.path("package")).unwrap());
    }
}

fn check_package(version: &str, wasm: &[u8], package: &[u8]) {
    let warnings = Arc::new(AtomicUsize::new(0));
    let count = warnings.clone();
    let warn = move |_: &str| {
        count.fetch_add(1, Ordering::Relaxed);
    };
    let engine = Engine::new(Config::new().debug_info(true).warning(warn));
    let image = |package| {
        let mut files = DebugFiles::new();
        files.package_bytes(package);
        let module = Module::with_debug_files(&engine, "app.wasm", wasm, &files);
        module.and_then(|module| module.debug_image())
    };
    let whole = image(package.to_vec()).unwrap();
    let right = OfTheModule::of(&whole);
    assert!(right.symbols.iter().any(|(name, ..)| name == "f"));
    assert!(right.lines.iter().any(|(_, line)| *line == Some(4)));
    each_flip(&format!("a package, {version}"), package, |bit, damaged| {
        let before = warnings.load(Ordering::Relaxed);
        let image = image(damaged).unwrap_or_else(|error| panic!("{bit}: {error}"));
        let is_told = warnings.load(Ordering::Relaxed) > before;
        if image == whole {
            return "the same image";
        }
        let kept = OfTheModule::of(&image);
        if is_told {
            return "told";
        }
        let places = |it: &OfTheModule| -> Vec<_> {
            (it.symbols.iter().map(|(_, at, size)| (*at, *size))).collect()
        };
        assert_eq!(places(&kept), places(&right), "{bit}");
        assert_eq!(kept.lines, right.lines, "{bit}");
        "another name or number"
    });
}

/// The parts of an image that come from the module and its code, and not from a package.
struct OfTheModule {
    /// Name, address and size. Addresses here are from the code's start: two modules may be loaded at different places.
    symbols: Vec<(String, u64, u64)>,
    /// Addresses and their lines.
    lines: Vec<(u64, Option<u64>)>,
}

impl OfTheModule {
    /// Reads an image, and all of its DWARF: nothing in that is damaged.
    fn of(image: &[u8]) -> OfTheModule {
        let elf = object::File::parse(image).unwrap();
        let code = elf.symbols().filter(|it| it.size() != 0);
        let start = code.map(|it| it.address()).min().unwrap();
        let symbols = elf.symbols().map(|it| {
            let address = it.address().wrapping_sub(start);
            (it.name().unwrap().to_owned(), address, it.size())
        });
        let section = |id: gimli::SectionId| {
            let data = elf.section_by_name(id.name());
            let data = data.map_or(&[][..], |it| it.data().unwrap());
            Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
        };
        let mut lines = read_all(&gimli::Dwarf::load(section).unwrap()).unwrap();
        for (address, _) in &mut lines {
            *address = address.wrapping_sub(start);
        }
        OfTheModule {
            symbols: symbols.collect(),
            lines,
        }
    }
}

/// Reads each attribute, expression, list and row; returns the rows.
fn read_all(
    dwarf: &gimli::Dwarf<EndianSlice<'_, LittleEndian>>,
) -> gimli::Result<Vec<(u64, Option<u64>)>> {
    let mut lines = Vec::new();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        let unit = dwarf.unit(header)?;
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            for attribute in entry.attrs() {
                read_value(dwarf, &unit, attribute.value())?;
            }
        }
        let Some(program) = unit.line_program.clone() else {
            continue;
        };
        let mut rows = program.rows();
        while let Some((_, row)) = rows.next_row()? {
            lines.push((row.address(), row.line().map(|it| it.get())));
        }
    }
    Ok(lines)
}

fn read_value(
    dwarf: &gimli::Dwarf<EndianSlice<'_, LittleEndian>>,
    unit: &gimli::Unit<EndianSlice<'_, LittleEndian>>,
    value: gimli::AttributeValue<EndianSlice<'_, LittleEndian>>,
) -> gimli::Result<()> {
    if let gimli::AttributeValue::Exprloc(expression) = value {
        let mut operations = expression.operations(unit.encoding());
        while operations.next()?.is_some() {}
    }
    if let Some(mut ranges) = dwarf.attr_ranges(unit, value)? {
        while ranges.next()?.is_some() {}
    }
    if let Some(mut locations) = dwarf.attr_locations(unit, value)? {
        while let Some(location) = locations.next()? {
            let mut operations = location.data.operations(unit.encoding());
            while operations.next()?.is_some() {}
        }
    }
    if let gimli::AttributeValue::UnitRef(offset) = value {
        unit.entry(offset)?;
    }
    // Those of other forms are no strings.
    if let gimli::AttributeValue::DebugStrRef(_) | gimli::AttributeValue::DebugLineStrRef(_) = value
    {
        dwarf.attr_string(unit, value)?;
    }
    Ok(())
}
