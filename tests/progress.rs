//! What is said on a terminal while a large module is compiled.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A function that takes a while to compile: one very long block.
fn large() -> String {
    let step =
        "local.get 0 i32.const 3 i32.mul local.get 0 i32.xor i32.const 7 i32.rotl local.set 0\n";
    let function = format!(
        "(func (param i32) (result i32)\n{} local.get 0)\n",
        step.repeat(400)
    );
    format!(
        "(module {} (func (export \"_start\")))",
        function.repeat(600)
    )
}

#[test]
fn a_terminal_is_told_and_cleared_again() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("progress");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("large.wasm"), wat::parse_str(large()).unwrap()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    command
        .args(["run", "-C", "cache=n", "large.wasm"])
        .current_dir(&folder);
    let output = command.output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    // script(1) has it write on a terminal, and writes what that is told.
    let line = format!("{} run -C cache=n large.wasm", env!("CARGO_BIN_EXE_dwalin"));
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .env("RAYON_NUM_THREADS", "1")
        .current_dir(&folder);
    let output = script.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told:?}");
    assert!(
        told.starts_with("\r\u{1b}[Kcompiling large.wasm: 1 s"),
        "{told:?}"
    );
    assert!(told.ends_with("\r\u{1b}[K"), "{told:?}");
}
