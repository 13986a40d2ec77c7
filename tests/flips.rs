//! Files with one bit flipped: none ends in a panic, and what was compiled before is never taken for something else.
//!
//! `cargo test --test flips -- --nocapture` prints what became of how many.

mod support;

use dwalin_runtime::{Config, DebugFiles, Engine, Instance, Module, Store};
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

/// A package has no checksum: what is damaged is another name or number, or is told. The program is the same in any case.
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
    each_flip(&format!("a package, {version}"), package, |bit, damaged| {
        let before = warnings.load(Ordering::Relaxed);
        let image = image(damaged).unwrap_or_else(|error| panic!("{bit}: {error}"));
        let is_told = warnings.load(Ordering::Relaxed) > before;
        match is_told {
            true => "told",
            false if image == whole => "the same image",
            false => "another name or number",
        }
    });
}
