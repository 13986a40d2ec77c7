//! `dwalin formatters`: the formatters for lldb, in a folder from which editors load them.

use super::scripts::LLDB;
use anyhow::{Context, Result};
use std::env;
use std::path::Path;

/// Writes the package, and prints the line that loads it.
pub fn print(dir: &Path) -> Result<()> {
    let package = LLDB
        .write(dir)
        .with_context(|| format!("cannot write into {}", dir.display()))?;
    let package = env::current_dir()?.join(package);
    println!("command script import {}", quoted(&package));
    Ok(())
}

/// As lldb reads one argument.
pub fn quoted(path: &Path) -> String {
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
    fn a_path_with_a_space_is_one_argument() {
        assert_eq!(quoted(Path::new("/a/b_c-1.2")), "/a/b_c-1.2");
        assert_eq!(quoted(Path::new("/a b/\"c")), "\"/a b/\\\"c\"");
    }
}
