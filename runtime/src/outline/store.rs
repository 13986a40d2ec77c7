//! The folder of texts that debuggers show and nobody has as a file: printed modules, and sources that source maps hold.
//!
//! ```text
//! FOLDER/HASH OF THE TEXT/app.wat          read-only; the same text has the same path in every run
//! ```
//!
//! Debuggers read a file when they first show a line of it, and a program that is debugged often ends by being killed: so files
//! stay, and the oldest go when there are too many.

use std::fs::{self, File, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// Bytes that are kept.
const KEPT: u64 = 256 << 20;
/// What is kept whatever its size: those of a program and its neighbours, which are debugged now.
const NEWEST: usize = 8;

/// Where files are put.
pub struct Store<'a> {
    folder: &'a Path,
}

impl<'a> Store<'a> {
    /// In a folder, which need not be there.
    pub fn new(folder: &'a Path) -> Store<'a> {
        Store { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &'a Path {
        self.folder
    }

    /// The folder for what has `contents`.
    pub fn place(&self, contents: &[&[u8]]) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        contents.hash(&mut hasher);
        self.folder.join(format!("{:016x}", hasher.finish()))
    }

    /// Makes a file in a place, unless it is there.
    ///
    /// # Errors
    /// The system's.
    pub fn put(&self, place: &Path, name: &Path, contents: &[u8]) -> io::Result<PathBuf> {
        let path = place.join(name);
        let same = fs::metadata(&path).is_ok_and(|it| it.len() == contents.len() as u64)
            && fs::read(&path).is_ok_and(|found| found == contents);
        if same {
            // The time of its last use. A folder that is not ours to write is as good.
            File::open(place)
                .and_then(|folder| folder.set_modified(SystemTime::now()))
                .ok();
            return Ok(path);
        }
        let folder = path.parent().unwrap_or(place);
        fs::create_dir_all(folder)?;
        // Another process may do the same: what has the name is always whole.
        let unfinished = folder.join(format!(".{}", std::process::id()));
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(contents)?;
            file.set_permissions(Permissions::from_mode(0o444))?;
            fs::rename(&unfinished, &path)
        });
        if let Err(error) = written {
            fs::remove_file(&unfinished).ok();
            return Err(error);
        }
        self.forget_the_oldest();
        Ok(path)
    }

    /// Removes places that have not been used for the longest time, where there are too many bytes.
    fn forget_the_oldest(&self) {
        let places = fs::read_dir(self.folder).into_iter().flatten().flatten();
        // Nothing that is not ours.
        let ours = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| {
                name.len() == 16 && name.chars().all(|digit| digit.is_ascii_hexdigit())
            })
        };
        let mut places: Vec<_> = places
            .map(|entry| entry.path())
            .filter(|path| ours(path))
            .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
            .collect();
        places.sort_unstable();
        let mut kept = 0;
        for (i, (_, path)) in places.iter().rev().enumerate() {
            kept += size(path, 0);
            if kept > KEPT && i >= NEWEST {
                fs::remove_dir_all(path).ok();
            }
        }
    }
}

/// Bytes of the files in a folder.
fn size(folder: &Path, depth: usize) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, metadata)| match metadata.is_dir() {
            true if depth < 16 => size(&path, depth + 1),
            true => 0,
            false => metadata.len(),
        })
        .sum()
}

/// A name that somebody else gave, as a path that stays where it is put: `../a/b.ts` is `a/b.ts`.
pub fn relative(name: &str) -> PathBuf {
    let without_scheme = name.split_once("://").map_or(name, |(_, rest)| rest);
    let parts = Path::new(without_scheme).components();
    let path: PathBuf = parts
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect();
    match path.as_os_str().is_empty() {
        true => PathBuf::from("source"),
        false => path,
    }
}
