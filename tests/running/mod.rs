//! A guest that runs already when a debugger attaches: tests/programs/attach/loop.c.

#![allow(dead_code, reason = "each test uses a part of it")]

#[path = "../support/tools.rs"]
pub mod tools;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::{env, fs};

/// Longer than a debugger takes on a busy machine, in seconds.
const PATIENCE: &str = "100";

/// The program, in its loop. Dropping this ends it.
pub struct Running {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Compiles and starts it, with options for `dwalin run -g`.
    pub fn start(dwalin: &str, tests: &Path, name: &str, options: &[&str]) -> Running {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attach");
        fs::create_dir_all(&folder).unwrap();
        let wasm = folder.join(format!("{name}.wasm"));
        let compiled = Command::new("clang-19")
            .args(["--target=wasm32-wasi", "-g", "-O0", "-o"])
            .arg(&wasm)
            .arg(tests.join("programs/attach/loop.c"))
            .status();
        assert!(compiled.unwrap().success(), "loop.c compiles");
        let mut process = Command::new(dwalin)
            .args(["run", "-g"])
            .args(options)
            .arg(wasm)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "running\n");
        Running { process, stdout }
    }

    pub fn pid(&self) -> String {
        self.process.id().to_string()
    }

    /// Waits for its end: the exit code and what it printed.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The output of a debugger; it is ended when it does not end by itself.
pub fn said(debugger: &str, args: &[&str]) -> String {
    let Output { stdout, stderr, .. } = Command::new("timeout")
        .args(["-k", "5", PATIENCE, debugger])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()
}

/// Fails unless a debugger has said all of this, in this order.
pub fn expect(said: &str, all: &[&str]) {
    let mut rest = said;
    for text in all {
        let Some((_, after)) = rest.split_once(text) else {
            panic!("{text:?} is not in {rest}\n\nall of it: {said}");
        };
        rest = after;
    }
}

/// Returns true if debuggers can attach to processes here that they have not started; if not, the test is skipped or fails.
pub fn may_attach() -> bool {
    let Ok(scope) = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope") else {
        return true;
    };
    let may = match scope.trim() {
        "0" => true,
        "1" | "2" => tools::is_superuser(),
        _ => false,
    };
    if !may {
        tools::skip(&format!("kernel.yama.ptrace_scope is {}", scope.trim()));
    }
    may
}
