//! Programs that trap: how each is compiled and run.

#![allow(dead_code, reason = "each test uses a part of it")]

#[path = "../support/tools.rs"]
pub mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The programs with their flags, and the options with which each is run.
#[rustfmt::skip] // a table
pub const REPORTS: &[(&str, &str, &[&str])] = &[
    ("trap/aborts.c", "-O0", &["-g"]),
    ("trap/bounds.c", "-O0", &["-g"]),
    ("trap/bounds.c", "-O2", &["-g"]),
    ("trap/bounds.c", "-O0", &[]),
    ("trap/divide.c", "-O0", &["-g"]),
    ("trap/divide.c", "-O0", &["-g", "-O"]),
    ("trap/divide.c", "-O0", &["-g", "--backtrace=short"]),
    ("trap/endless.c", "-O0", &["-g"]),
    ("trap/endless.c", "-O2", &[]),
    ("trap/null_call.c", "-O0", &["-g"]),
    ("trap/null_write.c", "-O0", &["-g"]),
    ("trap/null_write.c", "-O2", &["-g"]),
    ("trap/overflow.c", "-O0", &["-g"]),
    ("trap/overflow.c", "-O2", &["-g", "-O"]),
    ("trap/unreachable.c", "-O0", &["-g"]),
    ("trap/wrong_type.c", "-O0", &["-g"]),
    ("trap/wrong_type.c", "-O2", &["-g"]),
    ("report/assertion.c", "-O0", &["-g"]),
    ("report/at.cpp", "-O0", &["-g"]),
    ("report/bulk.wat", "", &["-g"]),
    ("report/convert.c", "-O0", &["-g"]),
    ("report/constructor.cpp", "-O0", &["-g"]),
    ("report/freed.cpp", "-O0", &["-g"]),
    ("report/inlined.c", "-O0", &["-g"]),
    ("report/inlined.c", "-O2", &["-g"]),
    ("report/inlined.c", "-O2", &["-g", "-O"]),
    ("report/library.cpp", "-O0", &["-g"]),
    ("report/missing.c", "-O0", &["-g"]),
    ("report/mutual.c", "-O0", &["-g"]),
    ("report/null_negative.c", "-O0", &["-g"]),
    ("report/null_object.cpp", "-O0", &["-g"]),
    ("report/null_object.cpp", "-O2", &["-g"]),
    ("report/number.cpp", "-O0", &["-g"]),
    ("report/passed.c", "-O0", &["-g"]),
    ("report/passed.c", "-O2", &["-g"]),
    ("report/undescribed.c", "-O0", &["-g"]),
    ("report/pixels.c", "-O2", &["-g"]),
    ("report/shapes.cpp", "-O0", &["-g"]),
    ("report/shapes.cpp", "-O2", &["-g"]),
    ("report/table.wat", "", &["-g"]),
    ("report/values.c", "-O0", &["-g"]),
    ("report/values.c", "-O1", &["-g"]),
    ("report/wild.c", "-O0", &["-g"]),
    ("report/shapes.cpp", "-O0-split", &["-g"]),
    ("report/inlined.c", "-O2-split", &[]),
    ("panic/add.rs", "-O0", &["-g"]),
    ("panic/borrow.rs", "-O0", &["-g"]),
    ("panic/borrow.rs", "-O2", &["-g", "-O"]),
    ("panic/deep.rs", "-O0", &["-g"]),
    ("panic/dynamic.rs", "-O0", &["-g"]),
    ("panic/dynamic.rs", "-O2", &["-g"]),
    ("panic/equal.rs", "-O0", &["-g"]),
    ("panic/expect.rs", "-O0", &["-g"]),
    ("panic/expect.rs", "-O2", &["-g", "-O"]),
    ("panic/giveup.rs", "-O0", &["-g"]),
    ("panic/index.rs", "-O0", &["-g"]),
    ("panic/index.rs", "-O2", &["-g"]),
    ("panic/index.rs", "-O2", &[]),
    ("panic/invalid.rs", "-O0", &["-g"]),
    ("panic/message.rs", "-O0", &["-g"]),
    ("panic/message.rs", "-O0", &["-g", "--backtrace=full"]),
    ("panic/message.rs", "-O0", &["--backtrace=short"]),
    ("panic/message.rs", "-O2", &["-g", "-O"]),
    ("panic/range.rs", "-O0", &["-g"]),
    ("panic/types.rs", "-O0", &["-g"]),
    ("panic/unwrap.rs", "-O0", &["-g"]),
    ("panic/unwrap.rs", "-O2", &["-g"]),
];

pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compiles a program, at a level that may have `-split` or `-reactor` after it; `None` where the compiler is not installed. `user`
/// keeps tests apart that run at once.
pub fn compile(source: &str, level: &str, user: &str) -> Option<PathBuf> {
    if source.ends_with(".wat") {
        return Some(Path::new(ROOT).join("tests/programs").join(source));
    }
    let out = folder().join(user);
    fs::create_dir_all(&out).unwrap();
    let out = out.join(format!("{}{level}.wasm", stem(source)));
    // Paths in the program are relative: a name that it has in its memory moves what is after it.
    let source = format!("tests/programs/{source}");
    let (level, how) = level.rsplit_once('-').unwrap_or((level, ""));
    let (level, how) = if level.is_empty() {
        (how, "")
    } else {
        (level, how)
    };
    let level = format!("-{}", level.trim_start_matches('-'));
    match how {
        _ if source.ends_with(".rs") => rustc(&source, &level, &out),
        "split" => split(&source, &level, &out),
        "reactor" => clang(&source, &[&level, "-g", "-mexec-model=reactor", "-o"], &out),
        _ => clang(&source, &[&level, "-g", "-o"], &out),
    }
    .then_some(out)
}

pub fn clang(source: &str, options: &[&str], out: &Path) -> bool {
    let compiler = match source.ends_with(".cpp") {
        true => "clang++-19",
        false => "clang-19",
    };
    let mut clang = Command::new(compiler);
    clang.args(["--target=wasm32-wasi", "-w", "-fno-exceptions"]);
    clang.arg(format!("-fmacro-prefix-map={ROOT}/="));
    let source = Path::new(ROOT).join(source);
    if options.contains(&"-c") {
        return run(clang.args(options).arg(out).arg(source));
    }
    // In two steps: where it links optimised code, clang has a wasm-opt change that, and not its debug info.
    let object = out.with_extension("o");
    let is_linkers = |it: &&&str| it.starts_with("-mexec-model=");
    let compiling = options.iter().filter(|it| !is_linkers(it));
    let linking = options.iter().filter(|it| !it.starts_with("-O"));
    run(clang.arg("-c").args(compiling).arg(&object).arg(source))
        && run(Command::new(compiler)
            .arg("--target=wasm32-wasi")
            .args(linking)
            .arg(out)
            .arg(object))
}

/// With the debug info in a package beside the module.
fn split(source: &str, level: &str, out: &Path) -> bool {
    let (object, package) = (out.with_extension("o"), out.with_extension("wasm.dwp"));
    if !clang(source, &[level, "-g", "-gsplit-dwarf", "-c", "-o"], &object) {
        return false;
    }
    let mut link = Command::new(if source.ends_with(".cpp") {
        "clang++-19"
    } else {
        "clang-19"
    });
    run(link
        .arg("--target=wasm32-wasi")
        .arg(&object)
        .arg("-o")
        .arg(out))
        && run(Command::new("llvm-dwp-19")
            .arg(out.with_extension("dwo"))
            .arg("-o")
            .arg(package))
}

fn rustc(source: &str, level: &str, out: &Path) -> bool {
    if !tools::have_rust_for_wasi() {
        return false;
    }
    let mut rustc = Command::new("rustc");
    rustc.current_dir(ROOT).args([
        "--target=wasm32-wasip1",
        "-g",
        "-Awarnings",
        "--edition=2024",
    ]);
    rustc.arg(format!("-Copt-level={}", level.trim_start_matches("-O")));
    run(rustc.arg(source).arg("-o").arg(out))
}

/// Runs a compiler; where it is not installed, the test is skipped or fails.
fn run(command: &mut Command) -> bool {
    if !tools::have(&[command.get_program().to_str().unwrap()]) {
        return false;
    }
    assert!(command.status().unwrap().success(), "{command:?}");
    true
}

pub fn stem(source: &str) -> &str {
    let name = source.rsplit('/').next().unwrap();
    name.split('.').next().unwrap()
}

pub fn dwalin(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    command.current_dir(folder).args(args).output().unwrap()
}

/// Code offsets of the guest's frames, and file:line:column of the functions there, innermost first.
pub fn frames(report: &str) -> Vec<(u64, Vec<String>)> {
    let number = |text: &str| -> u64 {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        text[..end].parse().unwrap_or(0)
    };
    let member = |text: &str, name: &str| -> Option<String> {
        let at = text.find(&format!("\"{name}\":"))? + name.len() + 3;
        Some(text[at..].to_owned())
    };
    let mut found = Vec::new();
    for frame in report.split("{\"host\":").skip(1) {
        let Some(offset) = member(frame, "offset").map(|text| number(&text)) else {
            continue;
        };
        let symbols = frame.split("{\"function\":").skip(1).map(|symbol| {
            let file = member(symbol, "file").unwrap();
            let file = file
                .replace("null,", "??")
                .trim_start_matches('"')
                .split('"')
                .next()
                .unwrap()
                .to_owned();
            let place = |name| member(symbol, name).map_or(0, |text| number(&text));
            format!("{file}:{}:{}", place("line"), place("column"))
        });
        found.push((offset, symbols.collect()));
    }
    found
}
