//! Sources that line tables hold → files, where there are none: gdb 13 reads files only, and so do reports.
//!
//! ```text
//! FOLDER/HASH OF THE TEXTS/home/me/app/main.c        instead of /home/me/app/main.c
//! ```
//!
//! Whole directories have other names then. A directory that still has files which no line table holds keeps its own.

use crate::cache::Cache;
use dwalin_debuginfo::WasmDwarf;
use dwalin_debuginfo::embedded::{SourceFile, source_files};
use dwalin_debuginfo::merge::PathMap;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The directories whose files are gone and were put elsewhere, each with where; `given` says which ones have other names here.
///
/// # Errors
/// The system's, where the files cannot be made.
pub fn restore(
    dwarf: &WasmDwarf<'_>,
    texts: &Cache<'_>,
    given: &PathMap,
) -> io::Result<Vec<(String, String)>> {
    let files = source_files(dwarf);
    let gone = |file: &&SourceFile<'_>| {
        file.text.is_some() && !Path::new(&given.apply(&file.path)).exists()
    };
    let mut directories: BTreeSet<&str> = files
        .iter()
        .filter(gone)
        .map(|file| &file.directory[..])
        .collect();
    directories.retain(|directory| {
        let mut inside = files.iter().filter(|it| is_in(directory, &it.path));
        inside.all(|it| it.text.is_some() || !Path::new(&it.path).exists())
    });
    if directories.is_empty() {
        return Ok(Vec::new());
    }
    let moved: Vec<_> = files
        .iter()
        .filter(|file| directories.iter().any(|it| is_in(it, &file.path)))
        .filter_map(|file| Some((&file.path[..], file.text?)))
        .collect();
    let contents: Vec<&[u8]> = moved
        .iter()
        .flat_map(|(path, text)| [path.as_bytes(), *text])
        .collect();
    let place = texts.place(&contents);
    for (path, text) in &moved {
        texts.put(&place, &within(path), text)?;
    }
    let to = |directory: &str| -> io::Result<(String, String)> {
        let to = place.join(within(directory));
        // What is below `..` of a directory is found only where that is.
        fs::create_dir_all(&to)?;
        Ok((directory.to_owned(), to.to_string_lossy().into_owned()))
    };
    directories.into_iter().map(to).collect()
}

fn is_in(directory: &str, path: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// An absolute path as one from a folder that stands for the root: `/a/b/../c.h` is `a/c.h`.
fn within(path: &str) -> PathBuf {
    let mut out = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::ParentDir => {
                out.pop();
            }
            _ => {}
        }
    }
    out
}
