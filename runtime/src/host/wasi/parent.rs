//! The last name of a path, by the directory that it is in: for calls that remove or rename a name and never follow it.
//!
//! `cap_std` takes a slash at the end of a path for `/.`, by which the system refuses to remove or rename a directory. POSIX ("Pathname
//! Resolution") has the slash say that the name is a directory's, and the system is the one that knows the error of each call.

use super::errno::Errno;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::OFlags;

/// A name, with the slashes after it, and the directory that it is in.
pub struct Name<'a> {
    /// None where that is the directory to which the path is relative.
    parent: Option<File>,
    dir: &'a Dir,
    pub text: &'a str,
}

impl<'a> Name<'a> {
    /// Finds the directory. None where the path ends in `.` or `..`, or is empty: it has no name then that a call could remove.
    pub fn find(dir: &'a Dir, path: &'a str) -> Result<Option<Name<'a>>, Errno> {
        let Some((parent, text)) = split(path) else {
            return Ok(None);
        };
        let parent = match parent {
            "" => None,
            parent => Some(open(dir, parent)?),
        };
        Ok(Some(Name { parent, dir, text }))
    }
}

impl AsFd for Name<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let parent = self.parent.as_ref();
        parent.map_or_else(|| self.dir.as_fd(), AsFd::as_fd)
    }
}

/// Holds a directory, for which no right to list it is needed.
fn open(dir: &Dir, path: &str) -> Result<File, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits() as i32);
    Ok(dir.open_with(path, &options)?)
}

/// Splits a path at its last name, which keeps the slashes after it.
fn split(path: &str) -> Option<(&str, &str)> {
    let end = path.trim_end_matches('/').len();
    let start = path[..end].rfind('/').map_or(0, |slash| slash + 1);
    let is_name = !matches!(&path[start..end], "" | "." | "..");
    is_name.then(|| path.split_at(start))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn slashes_stay_with_the_name() {
        for (path, right) in [
            ("d", Some(("", "d"))),
            ("d//", Some(("", "d//"))),
            ("a//b/", Some(("a//", "b/"))),
            ("/etc", Some(("/", "etc"))),
            ("./.d", Some(("./", ".d"))),
            ("a/../b", Some(("a/../", "b"))),
        ] {
            assert_eq!(split(path), right, "{path}");
        }
        for path in ["", "/", "//", ".", "a/.", "..", "a/../", "./"] {
            assert_eq!(split(path), None, "{path}");
        }
    }
}
