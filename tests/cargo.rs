//! Has cargo run and test examples/rust-cargo, whose .cargo/config.toml names Dwalin as the runner.

#[path = "support/tools.rs"]
mod tools;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The result of cargo in the example: the exit code, standard output and standard error.
fn cargo(args: &[&str]) -> (Option<i32>, String, String) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rust-cargo");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-cargo");
    fs::create_dir_all(&target).unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_dwalin")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap());
    let output = Command::new("cargo")
        .args(args)
        .current_dir(example)
        .env("PATH", path)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// The number of the example's line with a text.
fn line(text: &str) -> usize {
    let source = include_str!("../examples/rust-cargo/src/main.rs");
    1 + source.lines().position(|line| line.contains(text)).unwrap()
}

#[test]
fn cargo_runs_a_program_with_its_arguments_and_its_exit_code() {
    if !tools::have_rust_for_wasi() {
        return;
    }
    let run = ["run", "--quiet", "--locked", "--offline", "--"];
    let (code, stdout, stderr) = cargo(&[&run[..], &["3", "4"]].concat());
    assert_eq!(stdout, "miner 0: 3\nminer 1: 4\nore: 3\n", "{stderr}");
    assert_eq!(code, Some(0));
    // What looks like an option of Dwalin's is the program's all the same.
    let (code, _, stderr) = cargo(&[&run[..], &["7", "--help"]].concat());
    assert_eq!(
        (code, stderr.trim()),
        (Some(3), "miner 1 brings \"--help\"")
    );
}

#[test]
fn a_panic_is_reported_with_the_way_to_it() {
    if !tools::have_rust_for_wasi() {
        return;
    }
    let (code, _, stderr) = cargo(&["run", "--quiet", "--locked", "--offline", "--", "1"]);
    assert_eq!(code, Some(134), "{stderr}");
    assert!(
        stderr.contains("attempt to subtract with overflow"),
        "{stderr}"
    );
    let place = format!("src/main.rs:{}:", line("load.ore - bucket"));
    let frame = stderr
        .lines()
        .find(|line| line.contains("mine::ore::{{closure}} at "));
    assert!(
        frame.is_some_and(|frame| frame.contains(&place)),
        "{stderr}"
    );
    let place = format!("src/main.rs:{}:", line("ore(&loads, 2));"));
    let frame = stderr.lines().find(|line| line.contains("mine::main at "));
    assert!(
        frame.is_some_and(|frame| frame.contains(&place)),
        "{stderr}"
    );
}

#[test]
fn cargo_tests_a_program() {
    if !tools::have_rust_for_wasi() {
        return;
    }
    let test = ["test", "--locked", "--offline"];
    let (code, stdout, stderr) = cargo(&test);
    assert!(
        stdout.contains("test tests::buckets_are_not_ore ... ok"),
        "{stdout}{stderr}"
    );
    assert_eq!(code, Some(0));
    let (code, _, stderr) = cargo(&[&test[..], &["--", "--ignored", "--nocapture"]].concat());
    assert_eq!(code, Some(134), "{stderr}");
    assert!(
        stderr.contains("attempt to subtract with overflow"),
        "{stderr}"
    );
    let place = format!("src/main.rs:{}:", line("ore(&[Load"));
    assert!(
        stderr.contains("mine::tests::a_load_is_never_lighter_than_the_bucket at ")
            && stderr.contains(&place),
        "{stderr}"
    );
}
