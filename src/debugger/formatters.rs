//! The formatters for lldb, a Python package that is part of the command: written to where a debugger can import it.

use anyhow::{Context, Result};
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
pub fn print(dir: &Path) -> Result<()> {
    let package = write(dir).with_context(|| dir.display().to_string())?;
    let package = env::current_dir()?.join(package);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_of_the_package_are_part_of_the_command() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/debugger/lldb/dwalin_lldb");
        let entries = fs::read_dir(sources).unwrap();
        let mut there: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".py"))
            .collect();
        there.sort();
        let mut ours = FILES.map(|(name, _)| name.to_owned());
        ours.sort();
        assert_eq!(there, ours);
    }

    #[test]
    fn a_path_with_a_space_is_one_argument() {
        assert_eq!(quoted(Path::new("/a/b_c-1.2")), "/a/b_c-1.2");
        assert_eq!(quoted(Path::new("/a b/\"c")), "\"/a b/\\\"c\"");
    }
}
