//! `dwalin gdb`: becomes gdb, with the scripts of gdb/ loaded and `dwalin run -g` as the program to debug.

use crate::args::Gdb;
use anyhow::{Context, Result};
use dwalin_runtime::TrapKind;
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, process};

/// The scripts, as modules of a package that no other script of the user's can have the name of.
const SCRIPTS: [(&str, &str); 7] = [
    ("launcher.py", include_str!("gdb/launcher.py")),
    ("symbols.py", include_str!("gdb/symbols.py")),
    ("guest.py", include_str!("gdb/guest.py")),
    ("trap.py", include_str!("gdb/trap.py")),
    ("frames.py", include_str!("gdb/frames.py")),
    ("pointers.py", include_str!("gdb/pointers.py")),
    ("libcxx.py", include_str!("gdb/libcxx.py")),
];
const PACKAGE: &str = "dwalin_gdb";

/// Becomes gdb; returns only if that fails.
pub fn gdb(options: &Gdb) -> Result<()> {
    let program = env::current_exe().context("the path of this program")?;
    // Found here, and not by gdb at `run`: the user would see gdb start and then the program fail.
    fs::metadata(&options.run.file).with_context(|| options.run.file.display().to_string())?;
    let folder = folder().context("a folder for gdb's scripts")?;
    let error = write(&folder)
        .map(|()| command(options, &program, &folder).exec())
        .unwrap_or_else(|error| error);
    fs::remove_dir_all(&folder).ok();
    Err(error).with_context(|| format!("{} cannot be started", debugger(options).display()))
}

/// A folder that only this user can write to. launcher.py deletes it when gdb ends.
fn folder() -> std::io::Result<PathBuf> {
    let folder = env::temp_dir().join(format!("dwalin-gdb-{}", process::id()));
    DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

fn write(folder: &Path) -> std::io::Result<()> {
    let package = folder.join(PACKAGE);
    fs::create_dir(&package)?;
    for (name, text) in SCRIPTS {
        fs::write(package.join(name), text)?;
    }
    let traps: String = (0..=u8::MAX)
        .filter_map(|code| TrapKind::from_code(code).map(|kind| format!("{code}: '{kind}', ")))
        .collect();
    let kinds = format!("\"\"\"What the kinds of traps are called.\"\"\"\nKINDS = {{{traps}}}\n");
    fs::write(package.join("kinds.py"), kinds)
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
            "python import sys; sys.path.insert(0, {}); import {PACKAGE}.launcher",
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
    let mut arguments = options.run.command_line();
    arguments.insert(0, "run".into());
    let arguments: Vec<_> = arguments.iter().map(|it| python(it)).collect();
    format!(
        "python {PACKAGE}.launcher.start({}, {}, [{}])",
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
