//! `dwalin lldb`: becomes lldb, with the formatters of lldb/ loaded and `dwalin run -g` as the program to debug.

use super::command_line;
use super::scripts::{self, LLDB};
use crate::args::Lldb;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What lldb is called where distributions have several.
const NAMES: [&str; 6] = [
    "lldb", "lldb-19", "lldb-20", "lldb-21", "lldb-22", "lldb-23",
];

/// Becomes lldb; returns only if that fails.
pub fn lldb(options: &Lldb) -> Result<()> {
    let program = env::current_exe().context("the path of this program")?;
    // Found here, and not when the program is run: lldb would start and the program fail.
    fs::metadata(options.run.file()).with_context(|| options.run.file().display().to_string())?;
    let folder = scripts::folder().context("a folder for lldb's scripts")?;
    let debugger = debugger(options);
    let error = match LLDB.write(&folder) {
        Ok(package) => command(options, &debugger, &program, &package).exec(),
        Err(error) => error,
    };
    fs::remove_dir_all(&folder).ok();
    Err(error).with_context(|| format!("{} cannot be started", debugger.display()))
}

fn debugger(options: &Lldb) -> PathBuf {
    let from_environment = || env::var_os("LLDB").filter(|path| !path.is_empty());
    let chosen = options.lldb.clone().map(OsString::from);
    let chosen = chosen.or_else(from_environment).unwrap_or_else(|| {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = env::split_paths(&path).collect();
        let is_there = |name: &&&str| folders.iter().any(|folder| folder.join(name).is_file());
        NAMES.iter().find(is_there).unwrap_or(&NAMES[0]).into()
    });
    chosen.into()
}

fn command(options: &Lldb, debugger: &Path, program: &Path, package: &Path) -> Command {
    let mut lldb = Command::new(debugger);
    // Before the user's commands; the package deletes its folder when it is loaded.
    lldb.arg("-O")
        .arg(format!("command script import '{}'", package.display()));
    // With the target there.
    lldb.arg("-o").arg(format!(
        "script dwalin_lldb.launched({:?})",
        package.parent().unwrap_or(package)
    ));
    if options.batch {
        lldb.arg("--batch");
    }
    for file in &options.source {
        lldb.arg("--source").arg(file);
    }
    for command in &options.one_line {
        lldb.arg("--one-line").arg(command);
    }
    lldb.args(&options.lldb_option);
    lldb.arg("--").arg(program);
    lldb.args(command_line::run(&options.run, None));
    lldb.args(&options.run.program[1..]);
    lldb
}
