//! An image in a file without a name, which a debugger on this machine maps. lldb 19 has its server copy an image that is in memory
//! byte by byte, twice with checksums: 17 ns of CPU a byte, half of what a registration takes.

use crate::code::mapping::{Mapping, memory_file, write_all};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// The file, while it is empty.
pub struct ImageFile(OwnedFd);

impl ImageFile {
    /// Makes a file.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> io::Result<ImageFile> {
        memory_file(&[]).map(ImageFile)
    }

    /// The path for other processes.
    pub fn path(&self) -> String {
        path(&self.0)
    }

    /// Writes the image, and maps it in place of the copy that the caller has.
    ///
    /// # Errors
    /// The system's.
    pub fn fill(self, image: &[u8]) -> io::Result<FilledFile> {
        write_all(&self.0, image)?;
        let mapping = Mapping::of_file(&self.0, 0..image.len())?;
        Ok(FilledFile::new(mapping, self.0))
    }
}

/// The path of an open file for other processes while this one lives (proc_pid_fd(5)).
fn path(file: &impl AsRawFd) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())
}

/// The file with the image. It is open as long as a debugger may want to have it: lldb opens it when it needs debug info first.
pub struct FilledFile {
    mapping: Mapping,
    file: OwnedFd,
}

impl FilledFile {
    /// A file that begins with the image, and the mapping of that.
    pub fn new(mapping: Mapping, file: OwnedFd) -> FilledFile {
        FilledFile { mapping, file }
    }

    /// The path for other processes.
    pub fn path(&self) -> String {
        path(&self.file)
    }
}

impl AsRef<[u8]> for FilledFile {
    fn as_ref(&self) -> &[u8] {
        &self.mapping
    }
}
