//! Programs that trap: how each is compiled and run.

#![allow(dead_code, reason = "each test uses a part of it")]

#[path = "../support/tools.rs"]
pub mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The folders of programs that trap.
const FOLDERS: [&str; 3] = ["trap", "report", "panic"];

/// The comment of a program that has no report of its own: it is another test's.
const NO_REPORT: &str = "// no report";

/// A program that traps, how it is compiled, and the options with which it is run: as a comment in it says, `// report: -O2 -g`. A program
/// may have several such lines.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Report {
    /// Relative to tests/programs.
    pub source: String,
    /// As for [`compile`].
    pub level: String,
    pub options: Vec<String>,
}

impl Report {
    fn parse(source: &str, line: &str) -> Option<Report> {
        let line = line.strip_prefix("// ").or(line.strip_prefix(";; "))?;
        let mut words = line.strip_prefix("report:")?.split_whitespace();
        let level = match source.ends_with(".wat") {
            true => "",
            false => words.next()?,
        };
        Some(Report {
            source: source.to_owned(),
            level: level.to_owned(),
            options: words.map(str::to_owned).collect(),
        })
    }

    /// The name of the case, and of the file with its report.
    pub fn name(&self) -> String {
        let options = self.options.concat().replace("--", "-");
        format!("{}{}{options}", stem(&self.source), self.level)
    }

    pub fn options(&self) -> Vec<&str> {
        self.options.iter().map(String::as_str).collect()
    }

    /// Returns true if it has debug info of clang's, which there is in two versions of DWARF.
    pub fn has_versions(&self) -> bool {
        let is_clangs = self.source.ends_with(".c") || self.source.ends_with(".cpp");
        is_clangs && !self.level.ends_with("-split")
    }

    /// The same with DWARF 5, where clang's own choice for WebAssembly is 4.
    pub fn dwarf5(&self) -> Report {
        Report {
            level: format!("{}-dwarf5", self.level),
            ..self.clone()
        }
    }
}

/// All programs that trap, in all ways that they name.
pub fn reports() -> Vec<Report> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let files = fs::read_dir(Path::new(ROOT).join("tests/programs").join(folder)).unwrap();
        let mut files: Vec<_> = files.map(|it| it.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap();
            let source = format!("{folder}/{name}");
            let text = fs::read_to_string(&file).unwrap();
            let lines = text.lines().filter_map(|line| Report::parse(&source, line));
            let before = found.len();
            found.extend(lines);
            let says = found.len() > before || text.contains(NO_REPORT);
            assert!(
                says,
                "{source} says how its report is made: `// report: -O0 -g`"
            );
        }
    }
    found
}

pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compiles a program, at a level that may have `-split`, `-reactor` or `-dwarf5` after it; `None` where the compiler is not installed. `user`
/// keeps tests apart that run at once.
pub fn compile(source: &str, level: &str, user: &str) -> Option<PathBuf> {
    if source.ends_with(".wat") {
        return Some(Path::new(ROOT).join("tests/programs").join(source));
    }
    let out = folder().join(user);
    fs::create_dir_all(&out).unwrap();
    // Reports name the file, and are the same for both versions of DWARF.
    let file = format!("{}{level}.wasm", stem(source));
    let out = out.join(file.replace("-dwarf5", ""));
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
        "dwarf5" => clang(&source, &[&level, "-gdwarf-5", "-o"], &out),
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
