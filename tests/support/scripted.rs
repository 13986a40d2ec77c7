//! Real debuggers that a script drives: gdb and lldb, each with a script in Python of the same name in a folder of tests/.

use super::Folder;
use super::tools::have;
use object::{Object, ObjectSymbol};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The function by which debuggers find where code is: every program has it, and nothing else.
pub const SYMBOL: &str = "__wasm_call_dtors";

/// The address of [`SYMBOL`] in an image.
pub fn base(elf: &object::File<'_>) -> u64 {
    let mut symbols = elf.symbols();
    let symbol = symbols.find(|it| it.name() == Ok(SYMBOL));
    symbol.expect("every program has it").address()
}

/// Returns true if there is a debugger; says so if there is none.
pub fn has(debugger: &str) -> bool {
    have(&[if debugger == "gdb" { "gdb" } else { "lldb-19" }])
}

/// A path in the sources.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The command that loads Dwalin's formatters in lldb.
pub fn formatters() -> String {
    let scripts = source("src/debugger/lldb/dwalin_lldb");
    format!("command script import {}", scripts.display())
}

/// Runs a debugger with the script of its name in tests/`scripts`; what that wrote down. Added to what the script is to know
/// are the program, its files, and what Dwalin asks of lldb.
pub fn run(debugger: &str, scripts: &str, folder: &Folder, mut spec: serde_json::Value) -> String {
    spec["symbol"] = SYMBOL.into();
    spec["support"] = source("tests/support").display().to_string().into();
    spec["out"] = folder.text("out.json").into();
    spec["output"] = folder.text("output").into();
    spec["program"] = env!("CARGO_BIN_EXE_dwalin").into();
    let jit = "settings set plugin.jit-loader.gdb.enable on".to_owned();
    spec["commands"] = vec![jit, formatters()].into();
    let spec = folder.write("spec.json", spec.to_string());
    let script = source("tests").join(scripts).join(format!("{debugger}.py"));
    let mut command = match debugger {
        "gdb" => {
            let mut gdb = Command::new("gdb");
            gdb.args(["-nx", "-batch", "-x"]).arg(script);
            gdb.arg(env!("CARGO_BIN_EXE_dwalin"));
            gdb
        }
        _ => {
            let mut lldb = Command::new("lldb-19");
            lldb.args(["--no-lldbinit", "--batch", "-o"]);
            lldb.arg(format!("command script import {}", script.display()));
            lldb
        }
    };
    let said = command
        .env("DRIVER_SPEC", spec)
        .current_dir(folder.path("."))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    fs::read_to_string(folder.path("out.json"))
        .ok()
        .filter(|out| !out.is_empty())
        .unwrap_or_else(|| panic!("{debugger}: {said:?}"))
}
