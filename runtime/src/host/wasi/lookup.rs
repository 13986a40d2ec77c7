//! Looking up a path that a guest gives, without opening what is there.

use super::errno::Errno;
use super::types::SYMLINK_FOLLOW;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

/// Returns true if a symbolic link at a path's end is followed (witx `lookupflags`).
pub fn follows(lookup: u32) -> Result<bool, Errno> {
    match lookup {
        0 => Ok(false),
        SYMLINK_FOLLOW => Ok(true),
        _ => Err(Errno::Inval),
    }
}

/// Returns the file at `path`, not opened but held: good for asking about it and for setting its times, and no rights to it needed.
pub fn reach(dir: &Dir, path: &str, follow: bool) -> Result<File, Errno> {
    let mut flags = OFlags::PATH;
    flags.set(OFlags::NOFOLLOW, !follow);
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits() as i32);
    Ok(dir.open_with(path, &options)?)
}
