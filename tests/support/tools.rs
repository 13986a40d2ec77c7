//! What tests need besides this project. Where it is missing they fail: a test that has not run must not look like one that passes.
//! `DWALIN_TESTS_MAY_SKIP=1` skips them instead.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

/// Leaves a test out, where that is allowed.
///
/// # Panics
/// If it is not.
pub fn skip(why: &str) {
    assert!(
        may_skip(),
        "{why} (DWALIN_TESTS_MAY_SKIP=1 skips this test)"
    );
    // Not with `eprintln!`, which shows nothing for a test that passes.
    writeln!(io::stderr(), "SKIPPED: {why}").ok();
}

/// Returns true if a test may be left out for which something is missing.
pub fn may_skip() -> bool {
    env::var_os("DWALIN_TESTS_MAY_SKIP").is_some_and(|it| !it.is_empty() && it != "0")
}

/// The first of these tools that is not installed.
pub fn missing<'t>(tools: &[&'t str]) -> Option<&'t str> {
    let is_missing = |tool: &&str| {
        let mut version = Command::new(tool);
        let version = version.arg("--version");
        version
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_err()
    };
    tools.iter().copied().find(is_missing)
}

/// Returns true if all of these tools are installed; if not, the test is skipped or fails.
pub fn have(tools: &[&str]) -> bool {
    let missing = missing(tools);
    if let Some(tool) = missing {
        skip(&format!("{tool} is not installed; .ci/setup installs it"));
    }
    missing.is_none()
}

/// Returns true if rustc can compile for WASI; if not, the test is skipped or fails.
pub fn have_rust_for_wasi() -> bool {
    have_rust_for("wasm32-wasip1")
}

/// Returns true if rustc can compile for a target; if not, the test is skipped or fails.
pub fn have_rust_for(target: &str) -> bool {
    let query = ["--print", "target-libdir", "--target", target];
    let output = Command::new("rustc").args(query).output().unwrap();
    let folder = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = Path::new(folder.trim()).is_dir();
    if !found {
        skip(&format!("rustc has no {target}; .ci/setup installs it"));
    }
    found
}

/// The gdb that tests debug with: `$GDB`, as for `dwalin gdb`.
pub fn gdb() -> String {
    env::var("GDB").unwrap_or_else(|_| "gdb".to_owned())
}

/// The lldb that tests debug with: `$LLDB`, as for `dwalin lldb`.
pub fn lldb() -> String {
    env::var("LLDB").unwrap_or_else(|_| "lldb-19".to_owned())
}

/// Returns true if this gdb finds what pointers are of at the guest's own addresses only: from version 16 on.
pub fn gdb_keeps_targets() -> bool {
    gdb_version() >= 16
}

/// The major version of gdb.
pub fn gdb_version() -> u32 {
    let version = Command::new(gdb()).arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let number = version
        .lines()
        .next()
        .and_then(|line| line.rsplit(' ').next());
    let major = number.and_then(|it| it.split('.').next()?.parse::<u32>().ok());
    major.expect("gdb says its version")
}

/// The major version of lldb.
pub fn lldb_version() -> u32 {
    let version = Command::new(lldb()).arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    let major = numbers.find_map(|number| number.parse().ok());
    major.expect("lldb says its version")
}

/// The beginning of a command that is to run as an ordinary user, who may not map the lowest addresses: nothing where the tests are
/// run by one. If the superuser runs them and the ordinary user cannot run these programs, the test is skipped or fails.
pub fn as_ordinary_user(programs: &[&str]) -> Option<&'static [&'static str]> {
    const NOBODY: &[&str] = &[
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    // One who can read all files: programs may be where only the superuser gets to.
    const READER: &[&str] = &[
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        "--bounding-set=-all,+dac_read_search",
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
    ];
    if !is_superuser() {
        return Some(&[]);
    }
    let runs = |user: &[&str], program: &str| {
        let mut command = Command::new(user[0]);
        let said = command.args(&user[1..]).args([program, "--version"]);
        said.output().is_ok_and(|said| said.status.success())
    };
    let can = |user: &&&[&str]| programs.iter().all(|program| runs(user, program));
    let user = [NOBODY, READER].iter().find(can).copied();
    if user.is_none() {
        skip(&format!("an ordinary user cannot run {programs:?}"));
    }
    user
}

/// Returns true if the tests are run by the superuser, who may map the lowest addresses and can become somebody else.
pub fn is_superuser() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        status
            .lines()
            .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
    })
}
