//! A debugger's part of `dwalin setup`: scripts in a folder of their own, and lines in its init files that load them.

use super::folders::Folders;
use super::init_file::{self, Change};
use crate::debugger::scripts::{self, Package};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The properties in which debuggers differ.
pub struct Installation {
    pub name: &'static str,
    pub scripts: &'static Package,
    /// The condition under which the scripts are loaded, in words.
    pub when: &'static str,
    /// All init files that it may read.
    pub init_files: fn(&Folders) -> Vec<PathBuf>,
    /// Selects those that it reads now.
    pub read: fn(&[PathBuf]) -> Vec<&PathBuf>,
    /// The lines that load the scripts from their folder.
    pub lines: fn(&Path) -> String,
}

impl Installation {
    /// Writes what is not there yet, and adds to `done` what was done.
    pub fn write(&self, folders: &Folders, done: &mut Vec<String>) -> Result<()> {
        let scripts = self.folder(folders);
        let at = || folders.shown(&scripts);
        if scripts::install(self.scripts, &scripts).with_context(|| cannot_write(at()))? {
            done.push(format!("wrote the scripts for {} in {}", self.name, at()));
        }
        let lines = (self.lines)(&scripts);
        for file in (self.read)(&(self.init_files)(folders)) {
            let at = || folders.shown(file);
            let change = init_file::add(file, &lines).with_context(|| cannot_write(at()))?;
            done.extend(change.map(|change| match change {
                Change::Made => format!("wrote {}, which loads them{}", at(), self.when),
                Change::Renewed => format!("renewed the lines in {} that load them", at()),
                _ => format!("added lines to {} that load them{}", at(), self.when),
            }));
        }
        Ok(())
    }

    /// Removes what was written; the init file that is read may be another one by now.
    pub fn remove(&self, folders: &Folders, done: &mut Vec<String>) -> Result<()> {
        for file in (self.init_files)(folders) {
            let at = || folders.shown(&file);
            let change = init_file::take_out(&file).with_context(|| cannot_write(at()))?;
            done.extend(change.map(|change| match change {
                Change::Deleted => format!("deleted {}, which had nothing else", at()),
                _ => format!("took the lines out of {}", at()),
            }));
        }
        let scripts = self.folder(folders);
        if scripts.is_dir() {
            let at = || folders.shown(&scripts);
            fs::remove_dir_all(&scripts).with_context(|| format!("cannot delete {}", at()))?;
            done.push(format!("deleted {}", at()));
        }
        Ok(())
    }

    fn folder(&self, folders: &Folders) -> PathBuf {
        folders.own().join(self.name)
    }
}

fn cannot_write(path: impl std::fmt::Display) -> String {
    format!("cannot write {path}")
}
