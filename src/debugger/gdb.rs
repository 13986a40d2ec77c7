//! `dwalin gdb`: becomes gdb, with the scripts of gdb/ loaded and `dwalin run -g` as the program to debug.

use super::command_line;
use super::scripts::{self, GDB};
use crate::args::Gdb;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// Becomes gdb; returns only if that fails.
pub fn gdb(options: &Gdb) -> Result<()> {
    let program = env::current_exe().context("the path of this program")?;
    // Found here, and not by gdb at `run`: the user would see gdb start and then the program fail.
    fs::metadata(&options.run.file).with_context(|| options.run.file.display().to_string())?;
    let folder = scripts::folder().context("a folder for gdb's scripts")?;
    let error = write(&folder)
        .map(|()| command(options, &program, &folder).exec())
        .unwrap_or_else(|error| error);
    fs::remove_dir_all(&folder).ok();
    Err(error).with_context(|| format!("{} cannot be started", debugger(options).display()))
}

/// Writes the scripts, and what they cannot know.
fn write(folder: &Path) -> io::Result<()> {
    scripts::write_kinds(&GDB.write(folder)?)
}

fn debugger(options: &Gdb) -> PathBuf {
    let from_environment = || env::var_os("GDB").filter(|path| !path.is_empty());
    let chosen = options.gdb.clone().map(OsString::from);
    chosen
        .or_else(from_environment)
        .unwrap_or_else(|| "gdb".into())
        .into()
}

fn command(options: &Gdb, program: &Path, folder: &Path) -> Command {
    let mut gdb = Command::new(debugger(options));
    // The program is not named here: gdb would read its symbols, which symbols.py explains why not to.
    gdb.arg("-q")
        .arg("-ex")
        .arg(format!(
            "python import sys; sys.path.insert(0, {}); import dwalin_gdb.launcher",
            python(&folder.to_string_lossy())
        ))
        .arg("-ex")
        .arg(start(options, program, folder));
    // gdb does all these in the order in which they are given, after what it was told to do above.
    if options.batch {
        gdb.arg("-batch");
    }
    for file in &options.command {
        gdb.arg("-x").arg(file);
    }
    for command in &options.ex {
        gdb.arg("-ex").arg(command);
    }
    gdb.args(&options.gdb_option);
    gdb
}

fn start(options: &Gdb, program: &Path, folder: &Path) -> String {
    let arguments = command_line::run(&options.run, Some("gdb"));
    let arguments: Vec<_> = arguments.iter().map(|it| python(it)).collect();
    format!(
        "python dwalin_gdb.launcher.start({}, {}, [{}])",
        python(&folder.to_string_lossy()),
        python(&program.to_string_lossy()),
        arguments.join(", ")
    )
}

/// A string literal of Python, on one line.
fn python(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
            c => c.into(),
        })
        .collect();
    format!("'{escaped}'")
}
