//! Tests that are made of files: each a test of its own, that is reported by its name and runs beside the others.

#![allow(dead_code, reason = "each test uses a part of it")]

#[path = "tools.rs"]
pub mod tools;

use libtest_mimic::{Arguments, Trial};
use std::env;
use std::process::Command;

/// Set in the environment of a process that runs one test.
const ALONE: &str = "DWALIN_TEST_ALONE";

/// A test that passes unless it panics.
pub fn test(name: impl Into<String>, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}

/// A test that has a process of its own, for what there can be only one of in a process.
pub fn alone(name: impl Into<String>, run: impl FnOnce() + Send + 'static) -> Trial {
    let name = name.into();
    if env::var_os(ALONE).is_some() {
        return test(name, run);
    }
    let again = name.clone();
    let run = move || {
        let mut this = Command::new(env::current_exe()?);
        let said = this
            .args(["--exact", &again, "--nocapture"])
            .env(ALONE, "1")
            .output()?;
        if !said.status.success() {
            let text = [said.stdout, said.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            return Err(format!("{}\n{text}", said.status).into());
        }
        Ok(())
    };
    Trial::test(name, run)
}

/// Runs tests as the standard harness does, with its options, and ends the process. Where a tool is missing that they need they are
/// reported as ignored, if tests may be skipped, and fail otherwise.
pub fn run(needed: &[&str], tests: Vec<Trial>) -> ! {
    let equipped = tools::have(needed);
    let tests = tests.into_iter().map(|test| {
        let ignored = test.has_ignored_flag() || !equipped;
        test.with_ignored_flag(ignored)
    });
    libtest_mimic::run(&Arguments::from_args(), tests.collect()).exit()
}
