//! `dwalin setup` for gdb: its scripts, and the lines in its init file that load them.

use super::debugger::Installation;
use super::folders::Folders;
use crate::debugger::gdb::LAUNCHED;
use crate::debugger::python;
use crate::debugger::scripts::GDB as SCRIPTS;
use std::path::{Path, PathBuf};

pub const GDB: Installation = Installation {
    name: "gdb",
    scripts: &SCRIPTS,
    when: " when gdb debugs dwalin",
    init_files,
    read,
    lines,
};

/// The init files that gdb may read: the first that is there; before version 11 the second only (GDB's manual, "Initialization Files").
fn init_files(folders: &Folders) -> Vec<PathBuf> {
    vec![
        folders.config.join("gdb/gdbinit"),
        folders.home.join(".gdbinit"),
    ]
}

fn read(files: &[PathBuf]) -> Vec<&PathBuf> {
    let first = files.iter().find(|it| it.exists());
    first.or(files.last()).into_iter().collect()
}

/// Returns the lines that load the scripts; where these are gone, they do nothing.
fn lines(scripts: &Path) -> String {
    let scripts = python(&scripts.to_string_lossy());
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
