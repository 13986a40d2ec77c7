//! A host without the code generator, examples/precompiled, runs what the command compiled.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// Prints "ore", with a trap instead if there are arguments.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "ore\n")
  (data (i32.const 8) "\00\00\00\00\04\00\00\00")
  (func (export "_start")
    (drop (call $sizes (i32.const 32) (i32.const 36)))
    (if (i32.gt_u (i32.load (i32.const 32)) (i32.const 1)) (then unreachable))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 20)))))"#;

/// The options of all calls of cargo, in the project's folder.
fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
        .args(args)
        .args(["--quiet", "--locked", "-p", "dwalin-precompiled"]);
    cargo
}

/// Has the command make an artifact of the program.
fn artifact(options: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("precompiled");
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join("program.wat");
    fs::write(&source, PROGRAM).unwrap();
    let artifact = folder.join("program.cwasm");
    let status = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .arg("compile")
        .args(options)
        .arg("-o")
        .args([&artifact, &source])
        .status();
    assert!(status.unwrap().success());
    artifact
}

fn run(artifact: &Path, args: &[&str]) -> Output {
    cargo(&["run"])
        .arg("--")
        .arg(artifact)
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn artifacts_run_without_the_code_generator() {
    let tree = cargo(&["tree", "--edges=normal", "--prefix=none"])
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("dwalin-runtime v"), "{tree}");
    let generator = |line: &&str| {
        line.starts_with("cranelift-codegen ") || line.starts_with("wasmtime-environ ")
    };
    assert_eq!(tree.lines().find(generator), None);

    let file = artifact(&[]);
    let output = run(&file, &[]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), &*output.stdout),
        (Some(0), &b"ore\n"[..]),
        "{stderr}"
    );
    let output = run(&file, &["more"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(134));
    assert!(stderr.contains("unreachable"), "{stderr}");

    // Its settings have to be the host's.
    let output = run(&artifact(&["-g"]), &[]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(134));
    assert!(stderr.contains("`debug-info true`"), "{stderr}");
}
