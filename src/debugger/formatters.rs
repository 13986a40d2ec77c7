//! The formatters for lldb, a Python package that is part of the command: written to where a debugger can import it.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

/// The package's name, which is that of its folder.
const PACKAGE: &str = "dwalin_lldb";

/// Its files.
const FILES: [(&str, &str); 2] = [
    ("__init__.py", include_str!("lldb/dwalin_lldb/__init__.py")),
    ("pointers.py", include_str!("lldb/dwalin_lldb/pointers.py")),
];

/// Writes the package into a folder, which is made where it is missing; where the package is then. Files that are there already
/// with the same contents stay as they are, and no debugger sees half of one.
pub fn write(dir: &Path) -> io::Result<PathBuf> {
    let package = dir.join(PACKAGE);
    fs::create_dir_all(&package)?;
    for (name, contents) in FILES {
        let file = package.join(name);
        if fs::read(&file).is_ok_and(|there| there == contents.as_bytes()) {
            continue;
        }
        let whole = package.join(format!("{name}.{}", process::id()));
        fs::write(&whole, contents)?;
        fs::rename(whole, file)?;
    }
    Ok(package)
}

/// Writes the package, and prints the line that loads it.
pub fn print(dir: &Path) -> io::Result<()> {
    let package = env::current_dir()?.join(write(dir)?);
    println!("command script import {}", quoted(&package));
    Ok(())
}

/// As lldb reads one argument.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    if path
        .chars()
        .all(|c| c.is_alphanumeric() || "/._-+".contains(c))
    {
        return path.into_owned();
    }
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}
