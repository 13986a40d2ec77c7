//! Files that others name: debug info, source maps, core dumps. Whoever wrote those may name anything, so here is the only place that
//! opens what they name. It reads regular files and nothing else, as long as they were when they were opened, never waits, and leaves
//! alone what is the system's.

use rustix::fs::OFlags;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

/// The system's own folders: what they hold is of the machine, of its users and of other processes.
const SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];
/// The folder of settings: no sources are there, but much of the machine.
const SETTINGS: &str = "/etc";

/// The most bytes of a source: ten times as many as any that is written by hand.
const SOURCE: u64 = 16 << 20;
/// The most bytes of a source map.
pub(crate) const SOURCE_MAP: u64 = 256 << 20;
/// The most bytes of a module or an ELF file: their sections have sizes of 32 bits.
pub(crate) const DEBUG_INFO: u64 = u32::MAX as u64;

/// A file that was opened, where it is, and what it is.
struct Opened {
    file: File,
    path: PathBuf,
    metadata: Metadata,
}

/// The text of a source that debug info names.
///
/// # Errors
/// Where it is no text of a regular file, is very large, or is nothing that would be shown to others: below `/proc`, `/sys`, `/dev` and
/// `/etc`, or hidden by its name or a folder's and for its owner only, as keys are.
pub fn read_source(path: impl AsRef<Path>) -> io::Result<String> {
    let opened = open(path.as_ref())?;
    let is_hidden = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
    let is_private = opened.metadata.mode() & 0o077 == 0;
    if opened.path.starts_with(SETTINGS) || is_private && opened.path.components().any(is_hidden) {
        return Err(io::Error::other("not a source"));
    }
    let bytes = read(opened, SOURCE)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("not a text"))
}

/// Opens a file that a person chose. It may be a pipe, which ends, but no device: some never do, and take all memory.
///
/// # Errors
/// The system's, and where it is a device.
pub fn open_chosen(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        return Err(io::Error::other("it is a device"));
    }
    File::open(path)
}

/// The contents of a file that a person chose.
///
/// # Errors
/// As [`open_chosen`].
pub fn read_chosen(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_chosen(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The contents of a file of debug info that is named: a module or an ELF file.
pub(crate) fn read_debug_info(path: &Path) -> io::Result<Vec<u8>> {
    let mut opened = open(path)?;
    let mut magic = [0; 4];
    let is_read = opened.file.read_exact(&mut magic).is_ok();
    if !is_read || ![*b"\0asm", *b"\x7fELF"].contains(&magic) {
        return Err(io::Error::other("neither a wasm module nor an ELF file"));
    }
    io::Seek::rewind(&mut opened.file)?;
    read(opened, DEBUG_INFO)
}

/// The contents of a file that is named, of at most so many bytes.
pub(crate) fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read(open(path)?, most)
}

fn open(path: &Path) -> io::Result<Opened> {
    // Before it is opened: that alone does something to a device, and lets go who waits at the other end of a pipe.
    allow(&std::path::absolute(path)?, &std::fs::metadata(path)?)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = File::options();
    let file = options
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path)?;
    // Meanwhile it may have become another one, and links lead anywhere.
    let metadata = file.metadata()?;
    let link = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let path = std::fs::read_link(link).or_else(|_| path.canonicalize())?;
    allow(&path, &metadata)?;
    Ok(Opened {
        file,
        path,
        metadata,
    })
}

fn allow(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    // A file that has no name any longer, or never had one, is another process's, or our own.
    if metadata.nlink() == 0 || SYSTEM.iter().any(|folder| path.starts_with(folder)) {
        return Err(io::Error::other("a file of the system's own"));
    }
    Ok(())
}

fn read(opened: Opened, most: u64) -> io::Result<Vec<u8>> {
    let length = opened.metadata.len();
    if length > most {
        return Err(io::Error::other(format!("larger than {} MiB", most >> 20)));
    }
    let mut bytes = Vec::new();
    let room = bytes.try_reserve_exact(length as usize);
    room.map_err(|_| io::ErrorKind::OutOfMemory)?;
    opened.file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("dwalin-named-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn sources_are_read_and_nothing_else() {
        let folder = folder("sources");
        let file = |name: &str| folder.join(name);
        fs::write(file("a.c"), "int a;\n").unwrap();
        symlink(file("a.c"), file("link.c")).unwrap();
        for name in ["a.c", "link.c"] {
            assert_eq!(read_source(file(name)).unwrap(), "int a;\n");
        }
        fs::write(file("bytes"), [0xff, 0xfe]).unwrap();
        File::create(file("large"))
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        symlink("/proc/self/environ", file("environment")).unwrap();
        symlink("/etc/passwd", file("users")).unwrap();
        symlink("/dev/zero", file("zeros")).unwrap();
        symlink(file("loop"), file("loop")).unwrap();
        let pipe = file("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        symlink(&pipe, file("link-to-pipe")).unwrap();
        let inside = ["bytes", "large", "environment", "users", "zeros", "loop"];
        let mut refused: Vec<_> = inside.iter().map(|name| file(name)).collect();
        refused.extend([pipe, file("link-to-pipe"), folder.clone(), file("nothing")]);
        let system = [
            "/dev/zero",
            "/dev/stdin",
            "/dev/tty",
            "/dev/random",
            "/proc/self/environ",
            "/proc/self/root/etc/passwd",
            "/proc/kmsg",
            "/sys/kernel/notes",
            "/etc/passwd",
            "/etc/../etc/passwd",
            "/tmp/../proc/self/maps",
            "",
            "a\0b",
        ];
        refused.extend(system.map(PathBuf::from));
        for path in refused {
            assert!(read_source(&path).is_err(), "{path:?}");
            assert!(read_debug_info(&path).is_err(), "{path:?}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_hidden_and_private_is_no_source() {
        let folder = folder("private");
        fs::create_dir_all(folder.join(".keys")).unwrap();
        for (name, mode, is_read) in [
            (".keys/id", 0o600, false),
            (".keys/lib.rs", 0o644, true),
            (".netrc", 0o600, false),
            ("main.rs", 0o600, true),
        ] {
            let path = folder.join(name);
            fs::write(&path, "text").unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(read_source(&path).is_ok(), is_read, "{name}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
