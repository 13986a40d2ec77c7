//! What is said of sources that are not those that a module was compiled of: in debuggers and in reports, once.

#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");
const SOURCE: &str = "int divide(int by) {\n    return 1 / by;\n}\nint main(int argc, char **argv) {\n    return divide(argc - 1);\n}\n";

/// A folder of its own with a program that traps, and its source.
fn program(test: &str) -> Option<(PathBuf, PathBuf)> {
    if !tools::have(&["gdb", "clang-19"]) {
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("gdb-sources")
        .join(test);
    fs::create_dir_all(&folder).unwrap();
    let (source, module) = (folder.join("traps.c"), folder.join("traps.wasm"));
    fs::write(&source, SOURCE).unwrap();
    let status = Command::new("clang-19")
        .args(["--target=wasm32-wasi", "-g", "-O0", "-o"])
        .args(["traps.wasm", "traps.c"])
        .current_dir(&folder)
        .status();
    assert!(status.unwrap().success());
    Some((source, module))
}

fn said(command: &mut Command) -> String {
    let said = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

fn run(module: &Path) -> String {
    said(Command::new(DWALIN).arg("run").arg(module))
}

fn dwalin_gdb(module: &Path) -> String {
    let mut gdb = Command::new(DWALIN);
    gdb.args(["gdb", "-nx", "-batch", "-ex", "break divide", "-ex", "run"]);
    said(gdb.args(["-ex", "next", "-ex", "continue"]).arg(module))
}

fn plain_gdb(module: &Path) -> String {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "run", "-ex", "continue", "--args"]);
    said(gdb.args([DWALIN, "run", "-g"]).arg(module))
}

#[test]
fn a_source_that_was_changed_since_is_said_once() {
    let Some((source, module)) = program("newer") else {
        return;
    };
    for run in [run, dwalin_gdb, plain_gdb] {
        assert!(!run(&module).contains("newer than"));
    }
    let file = fs::File::open(&source).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(10))
        .unwrap();
    let line = format!("{} is newer than ", source.display());
    for run in [run, dwalin_gdb, plain_gdb] {
        let said = run(&module);
        assert_eq!(said.matches(&line).count(), 1, "{said}");
        assert_eq!(said.matches("newer than").count(), 1, "{said}");
    }
}

#[test]
fn a_source_that_is_not_there_is_said_once() {
    let Some((source, module)) = program("missing") else {
        return;
    };
    for run in [run, dwalin_gdb] {
        assert!(!run(&module).contains("is not there"));
    }
    let elsewhere = source.parent().unwrap().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::rename(&source, elsewhere.join("traps.c")).unwrap();
    let line = format!("{} is not there", source.display());
    let said_by_run = run(&module);
    assert_eq!(said_by_run.matches(&line).count(), 1, "{said_by_run}");
    let said_by_gdb = dwalin_gdb(&module);
    let (debugger, report) = said_by_gdb.split_once("error: ").unwrap();
    assert_eq!(debugger.matches(&line).count(), 1, "{said_by_gdb}");
    assert_eq!(report.matches(&line).count(), 1, "{said_by_gdb}");
    let map = format!(
        "--map-path={}={}",
        source.parent().unwrap().display(),
        elsewhere.display()
    );
    let mapped = said(Command::new(DWALIN).args(["run", &map]).arg(&module));
    assert!(
        mapped.contains("return 1 / by;") && !mapped.contains("is not there"),
        "{mapped}"
    );
}

/// gdb's interface for scripts has no names that are not UTF-8: backtraces must not need them.
#[test]
fn a_source_may_have_a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let Some((source, _)) = program("bytes") else {
        return;
    };
    let name = std::ffi::OsStr::from_bytes(b"tr\xe4ps.c");
    let folder = source.parent().unwrap();
    fs::rename(&source, folder.join(name)).unwrap();
    let status = Command::new("clang-19")
        .args(["--target=wasm32-wasi", "-g", "-O0", "-o", "bytes.wasm"])
        .arg(name)
        .current_dir(folder)
        .status();
    assert!(status.unwrap().success());
    let mut gdb = Command::new(DWALIN);
    gdb.args(["gdb", "-nx", "-batch", "-ex", "break divide", "-ex", "run"]);
    gdb.args(["-ex", "bt", "-ex", "next", "-ex", "kill", "bytes.wasm"]);
    let said = said(gdb.current_dir(folder));
    assert!(!said.contains("Python"), "{said}");
    for line in ["#0  divide (by=0) at ", "main (argc=1, argv=", "wasm trap"] {
        assert!(said.contains(line), "{line}: {said}");
    }
}
