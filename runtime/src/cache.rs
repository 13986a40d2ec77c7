//! A folder of files that can be made again: generated sources, and compiled modules.
//!
//! ```text
//! FOLDER/HASH OF WHAT IT IS MADE OF/NAME          read-only; the same has the same path in every run
//! ```
//!
//! A program that is debugged often ends by being killed: so files stay, and the oldest go when there are too many.

use std::fs::{self, File, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// The number of files that are kept whatever their size: the one that was made last, which is used now.
const NEWEST: usize = 1;

/// Files that this process has begun to write.
static UNFINISHED: AtomicU32 = AtomicU32::new(0);

/// A folder for files.
pub struct Cache<'a> {
    folder: &'a Path,
    kept: u64,
}

impl<'a> Cache<'a> {
    /// In a folder, which need not be there; about as many bytes are kept.
    pub fn new(folder: &'a Path, kept: u64) -> Cache<'a> {
        Cache { folder, kept }
    }

    /// The folder.
    pub fn folder(&self) -> &'a Path {
        self.folder
    }

    /// The folder for what is made of `contents`.
    pub fn place(&self, contents: &[&[u8]]) -> PathBuf {
        self.folder.join(hash(contents))
    }

    /// Notes that a place is of use now. A folder that is not ours to write is as good.
    pub fn note_use(place: &Path) {
        File::open(place)
            .and_then(|folder| folder.set_modified(SystemTime::now()))
            .ok();
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
            Cache::note_use(place);
            return Ok(path);
        }
        let folder = path.parent().unwrap_or(place);
        fs::create_dir_all(folder)?;
        // Another process may do the same: what has the name is always whole.
        let number = UNFINISHED.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!(".{}-{number}", std::process::id()));
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(contents)?;
            file.set_permissions(Permissions::from_mode(0o444))?;
            fs::rename(&unfinished, &path)
        });
        if let Err(error) = written {
            fs::remove_file(&unfinished).ok();
            return Err(error);
        }
        forget_unfinished(folder);
        self.forget_the_oldest();
        Ok(path)
    }

    /// Removes places that have not been used for the longest time, where there are too many bytes.
    fn forget_the_oldest(&self) {
        let places = fs::read_dir(self.folder).into_iter().flatten().flatten();
        // Nothing that is not ours.
        let ours = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(is_hash)
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
            if kept > self.kept && i >= NEWEST {
                fs::remove_dir_all(path).ok();
            }
        }
    }
}

/// Removes files that processes which were killed have left in a folder.
fn forget_unfinished(folder: &Path) {
    // More than the writing of any takes.
    const OLD: Duration = Duration::from_secs(600);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix('.'));
        let is_digit = |char: char| char.is_ascii_digit() || char == '-';
        let is_unfinished = number.is_some_and(|number| number.chars().all(is_digit));
        let modified = entry.metadata().and_then(|it| it.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        if is_unfinished && age.is_some_and(|age| age > OLD) {
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// The name of `contents` in a path: 16 digits.
pub fn hash(contents: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    contents.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn is_hash(name: &str) -> bool {
    name.len() == 16 && name.chars().all(|digit| digit.is_ascii_hexdigit())
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

/// The size and time of this program, which tell it from others of the same version: the runtime is in it.
pub fn program() -> Option<String> {
    let program = fs::metadata("/proc/self/exe").ok()?;
    let (len, seconds, nanos) = (program.len(), program.mtime(), program.mtime_nsec());
    Some(format!("program {len} {seconds}.{nanos}\n"))
}

/// A file that is this user's, and that no other may write to, as what is in it is run; its length.
pub fn open_own(path: &Path) -> io::Result<(File, usize)> {
    let mut options = File::options();
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = options.read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    if !is_own || !metadata.is_file() || metadata.mode() & 0o022 != 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok((file, metadata.len() as usize))
}
