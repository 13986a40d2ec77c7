//! `dwalin setup` for gdb: its scripts, and the lines in its init file that load them.

use super::init_file::{self, Change};
use super::{Folders, shown};
use crate::debugger::gdb::LAUNCHED;
use crate::debugger::python;
use crate::debugger::scripts::{self, GDB};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// Writes what is not there yet.
pub fn write(folders: &Folders, done: &mut Vec<String>) -> Result<()> {
    let scripts = scripts_folder(folders);
    let at = || shown(&scripts, folders);
    let written = scripts::install(&GDB, &scripts).with_context(at)?;
    if written {
        done.push(format!("wrote the scripts for gdb in {}", at()));
    }
    let file = init_file(folders);
    let change = init_file::add(&file, &lines(folders)).with_context(|| shown(&file, folders))?;
    done.extend(change.map(|change| {
        let file = shown(&file, folders);
        match change {
            Change::Made => format!("wrote {file}, which loads them when gdb debugs dwalin"),
            Change::Renewed => format!("renewed the lines in {file} that load them"),
            _ => format!("added lines to {file} that load them when gdb debugs dwalin"),
        }
    }));
    Ok(())
}

/// Takes back what was written.
pub fn remove(folders: &Folders, done: &mut Vec<String>) -> Result<()> {
    // Which of them is read may have changed in the meantime.
    for file in init_files(folders) {
        let change = init_file::take_out(&file).with_context(|| shown(&file, folders))?;
        done.extend(change.map(|change| {
            let file = shown(&file, folders);
            match change {
                Change::Deleted => format!("deleted {file}, which had nothing else"),
                _ => format!("took the lines out of {file}"),
            }
        }));
    }
    let scripts = scripts_folder(folders);
    if scripts.is_dir() {
        fs::remove_dir_all(&scripts).with_context(|| shown(&scripts, folders))?;
        done.push(format!("deleted {}", shown(&scripts, folders)));
    }
    Ok(())
}

fn scripts_folder(folders: &Folders) -> PathBuf {
    folders.own().join("gdb")
}

/// The init files that gdb may read: the first that is there; before version 11 the second only (GDB's manual, "Initialization Files").
fn init_files(folders: &Folders) -> [PathBuf; 2] {
    [
        folders.config.join("gdb/gdbinit"),
        folders.home.join(".gdbinit"),
    ]
}

fn init_file(folders: &Folders) -> PathBuf {
    let [newer, older] = init_files(folders);
    if newer.exists() { newer } else { older }
}

/// Returns the lines that load the scripts; without these nothing is said and done.
fn lines(folders: &Folders) -> String {
    let scripts = python(&scripts_folder(folders).to_string_lossy());
    format!(
        "python
import os, sys
if '{LAUNCHED}' not in os.environ:
    sys.path.append({scripts})
    try:
        import dwalin_gdb.setup
    except ImportError:
        pass
    else:
        dwalin_gdb.setup.install()
end"
    )
}
