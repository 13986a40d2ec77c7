//! `dwalin setup` for lldb: its package, and the line in its init files that loads it.

use super::debugger::Installation;
use super::folders::Folders;
use crate::debugger::formatters::quoted;
use crate::debugger::python;
use crate::debugger::scripts::LLDB as SCRIPTS;
use std::path::{Path, PathBuf};

pub const LLDB: Installation = Installation {
    name: "lldb",
    scripts: &SCRIPTS,
    when: "",
    init_files,
    read,
    lines,
};

/// The files that lldb reads when it starts, and instead of them the debugger itself and its adapter for editors, if they have their own
/// (`man lldb`, "Configuration Files").
const INIT_FILES: [&str; 3] = [".lldbinit", ".lldbinit-lldb", ".lldbinit-lldb-dap"];

fn init_files(folders: &Folders) -> Vec<PathBuf> {
    INIT_FILES.map(|name| folders.home.join(name)).to_vec()
}

fn read(files: &[PathBuf]) -> Vec<&PathBuf> {
    let (general, own) = files.split_at(1);
    let own = own.iter().filter(|it| it.exists());
    general.iter().chain(own).collect()
}

/// Returns the line that loads the package; lldb itself would report at each start that it is gone.
fn lines(scripts: &Path) -> String {
    let package = scripts.join("dwalin_lldb");
    let import = python(&format!("command script import {}", quoted(&package)));
    let package = python(&package.to_string_lossy());
    format!(
        "script import lldb, os; os.path.isdir({package}) and lldb.debugger.HandleCommand({import})"
    )
}
