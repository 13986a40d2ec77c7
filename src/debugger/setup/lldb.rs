//! `dwalin setup` for lldb: its package, and the line in its init files that loads it.

use super::init_file::{self, Change};
use super::{Folders, shown};
use crate::debugger::formatters::quoted;
use crate::debugger::python;
use crate::debugger::scripts::{self, LLDB};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// The files that lldb reads when it starts, and instead of them the debugger itself and its adapter for editors, if they have their own
/// (`man lldb`, "Configuration Files").
const INIT_FILES: [&str; 3] = [".lldbinit", ".lldbinit-lldb", ".lldbinit-lldb-dap"];

/// Writes what is not there yet.
pub fn write(folders: &Folders, done: &mut Vec<String>) -> Result<()> {
    let folder = folder(folders);
    let at = || shown(&folder, folders);
    if scripts::install(&LLDB, &folder).with_context(at)? {
        done.push(format!("wrote the scripts for lldb in {}", at()));
    }
    for (i, file) in init_files(folders).into_iter().enumerate() {
        if i > 0 && !file.exists() {
            continue;
        }
        let change =
            init_file::add(&file, &line(folders)).with_context(|| shown(&file, folders))?;
        done.extend(change.map(|change| {
            let file = shown(&file, folders);
            match change {
                Change::Made => format!("wrote {file}, which loads them"),
                Change::Renewed => format!("renewed the line in {file} that loads them"),
                _ => format!("added a line to {file} that loads them"),
            }
        }));
    }
    Ok(())
}

/// Takes back what was written.
pub fn remove(folders: &Folders, done: &mut Vec<String>) -> Result<()> {
    for file in init_files(folders) {
        let change = init_file::take_out(&file).with_context(|| shown(&file, folders))?;
        done.extend(change.map(|change| {
            let file = shown(&file, folders);
            match change {
                Change::Deleted => format!("deleted {file}, which had nothing else"),
                _ => format!("took the line out of {file}"),
            }
        }));
    }
    let folder = folder(folders);
    if folder.is_dir() {
        fs::remove_dir_all(&folder).with_context(|| shown(&folder, folders))?;
        done.push(format!("deleted {}", shown(&folder, folders)));
    }
    Ok(())
}

fn folder(folders: &Folders) -> PathBuf {
    folders.own().join("lldb")
}

fn init_files(folders: &Folders) -> [PathBuf; 3] {
    INIT_FILES.map(|name| folders.home.join(name))
}

/// Loads the package; lldb would say at each start that it is gone.
fn line(folders: &Folders) -> String {
    let package = folder(folders).join("dwalin_lldb");
    let import = python(&format!("command script import {}", quoted(&package)));
    let package = python(&package.to_string_lossy());
    format!(
        "script import lldb, os; os.path.isdir({package}) and lldb.debugger.HandleCommand({import})"
    )
}
