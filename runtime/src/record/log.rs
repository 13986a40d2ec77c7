//! The file of a recording: entries are appended with one write each, and read one after the other.

use super::entry::{Entry, Start, encode_module};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The first bytes of a recording. The number is that of the format.
const MAGIC: &[u8] = b"dwalin recording 2\n";

/// The first bytes of all versions.
const ANY_VERSION: &[u8] = b"dwalin recording ";

/// Bytes in front of an entry: its length and its checksum.
const FRAME: usize = 8;

/// The longest entry.
const LONGEST: u64 = 1 << 30;

/// Bytes of a module that an entry holds.
const PIECE: usize = 1 << 20;

/// Bytes of room that are kept for the next entry.
const KEPT: usize = 1 << 16;

/// Bytes that are read at once.
const WINDOW: usize = 1 << 16;

/// A recording could not be read or written.
#[derive(Debug)]
pub enum LogError {
    /// The system's.
    Io(io::Error),
    /// It is no recording.
    NotARecording,
    /// A recording cannot be written there: a pipe, a device, a socket.
    NotAFile,
    /// It was made by a version whose format is another.
    OtherVersion(String),
    /// The beginning, up to the module, is damaged or not all there.
    Beginning(&'static str),
    /// An entry would be longer than any may be.
    TooLong,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Io(error) => error.fmt(f),
            LogError::NotARecording => {
                f.write_str("not a recording, as `dwalin run --record FILE` makes them")
            }
            LogError::NotAFile => f.write_str("it is no regular file"),
            LogError::OtherVersion(version) => write!(
                f,
                "a recording in format {version}, which this Dwalin does not read"
            ),
            LogError::Beginning(what) => write!(f, "a damaged recording: {what}"),
            LogError::TooLong => f.write_str("a call wrote more than 1 GiB"),
        }
    }
}

impl std::error::Error for LogError {}

impl From<io::Error> for LogError {
    fn from(error: io::Error) -> LogError {
        LogError::Io(error)
    }
}

/// The end of what can be read of a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tail {
    /// The last entry is whole.
    Clean,
    /// An entry at this offset has begun and is not all there.
    Torn(u64),
    /// An entry at this offset is damaged: what is there has another checksum, or is none.
    Damaged(u64),
}

/// A recording that is open. The position is the process's own, so that processes which share the file (by `fork`) do not move each other's.
pub struct Log {
    file: File,
    /// The offset of the next entry to be read or written.
    at: u64,
    /// Bytes of the file that were read, from `window_at` on.
    window: Vec<u8>,
    window_at: u64,
    /// The entry that is being written.
    written: Vec<u8>,
    /// The file's length when it was asked for last.
    len: u64,
    tail: Tail,
}

impl Log {
    /// Begins a recording of a program.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path, mut start: Start, module: &[u8]) -> Result<Log, LogError> {
        // A pipe cannot be written by position, and is not opened, as in [`Log::open`].
        if std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir()) {
            return Err(LogError::NotAFile);
        }
        let mut log = Log::of(
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(path)?,
        );
        start.module_len = module.len() as u64;
        start.module_checksum = crc32fast::hash(module);
        log.file.write_all_at(MAGIC, 0)?;
        log.at = MAGIC.len() as u64;
        log.append(&Entry::Start(start))?;
        for piece in module.chunks(PIECE) {
            log.write(|out| encode_module(piece, out))?;
        }
        log.forget();
        Ok(log)
    }

    /// Opens a recording: the program and the module. What follows is read by [`Log::next`].
    ///
    /// # Errors
    /// A file that is no recording, or whose beginning is damaged.
    pub fn open(path: &Path) -> Result<(Log, Start, Vec<u8>), LogError> {
        // Before it is opened: that alone does something to a device, and lets go who waits at the other end of a pipe.
        if !std::fs::metadata(path)?.is_file() {
            return Err(LogError::NotARecording);
        }
        Log::read(File::open(path)?)
    }

    fn read(file: File) -> Result<(Log, Start, Vec<u8>), LogError> {
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(LogError::NotARecording);
        }
        let len = found.len();
        let mut log = Log::of(file);
        log.check_magic()?;
        let start = match log.next()? {
            Some(Entry::Start(start)) => start,
            _ => return Err(LogError::Beginning("what was recorded is not there")),
        };
        if start.module_len > len {
            return Err(LogError::Beginning("the module is not all there"));
        }
        let mut module = Vec::new();
        while (module.len() as u64) < start.module_len {
            match log.next()? {
                Some(Entry::Module(piece)) if !piece.is_empty() => module.extend(piece),
                _ => return Err(LogError::Beginning("the module is not all there")),
            }
        }
        let is_of_length = module.len() as u64 == start.module_len;
        if !is_of_length || crc32fast::hash(&module) != start.module_checksum {
            return Err(LogError::Beginning("the module has another checksum"));
        }
        Ok((log, start, module))
    }

    /// The same recording, opened once, from where this one is: it can be run several times.
    ///
    /// # Errors
    /// The system's.
    pub fn again(&self) -> io::Result<Log> {
        let mut log = Log::of(self.file.try_clone()?);
        log.at = self.at;
        Ok(log)
    }

    fn of(file: File) -> Log {
        Log {
            file,
            at: 0,
            window: Vec::new(),
            window_at: 0,
            written: Vec::new(),
            len: 0,
            tail: Tail::Clean,
        }
    }

    fn check_magic(&mut self) -> Result<(), LogError> {
        self.fill(0, MAGIC.len())?;
        let found = &self.window[..self.window.len().min(MAGIC.len() + 8)];
        if found.starts_with(MAGIC) {
            self.at = MAGIC.len() as u64;
            return Ok(());
        }
        let Some(version) = found.strip_prefix(ANY_VERSION) else {
            return Err(LogError::NotARecording);
        };
        let digits = version.iter().take_while(|byte| byte.is_ascii_digit());
        let version: String = digits.map(|byte| char::from(*byte)).collect();
        match version.is_empty() {
            true => Err(LogError::NotARecording),
            false => Err(LogError::OtherVersion(version)),
        }
    }

    /// The offset of the next entry.
    pub fn offset(&self) -> u64 {
        self.at
    }

    /// The reason why there was no next entry.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Has `len` bytes from an offset in the window; fewer where the file ends.
    fn fill(&mut self, at: u64, len: usize) -> io::Result<&[u8]> {
        let start = at.checked_sub(self.window_at).map(|it| it as usize);
        if let Some(start) = start.filter(|it| it + len <= self.window.len()) {
            return Ok(&self.window[start..start + len]);
        }
        self.window.resize(len.max(WINDOW), 0);
        let mut filled = 0;
        while filled < self.window.len() {
            match self
                .file
                .read_at(&mut self.window[filled..], at + filled as u64)
            {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.window.clear();
                    return Err(error);
                }
            }
        }
        self.window.truncate(filled);
        self.window_at = at;
        Ok(&self.window[..len.min(filled)])
    }

    /// The next entry; `None` where there is none, for the reason that [`Log::tail`] gives. More may be appended meanwhile.
    ///
    /// # Errors
    /// The system's.
    #[allow(
        clippy::should_implement_trait,
        reason = "it fails, and goes on where entries are appended"
    )]
    pub fn next(&mut self) -> Result<Option<Entry>, LogError> {
        let at = self.at;
        let frame: [u8; FRAME] = match self.fill(at, FRAME)? {
            [] => return Ok(self.ends(Tail::Clean)),
            frame => match frame.try_into() {
                Ok(frame) => frame,
                Err(_) => return Ok(self.ends(Tail::Torn(at))),
            },
        };
        let word = |from: usize| {
            let word = frame[from..from + 4].iter().rev();
            word.fold(0u32, |word, byte| word << 8 | u32::from(*byte))
        };
        let (len, checksum) = (u64::from(word(0)), word(4));
        if len == 0 || len > LONGEST {
            return Ok(self.ends(Tail::Damaged(at)));
        }
        let end = at + FRAME as u64 + len;
        if end > self.len {
            self.len = self.file.metadata()?.len();
        }
        if end > self.len {
            return Ok(self.ends(Tail::Torn(at)));
        }
        let bytes = self.fill(at + FRAME as u64, len as usize)?;
        if bytes.len() as u64 != len {
            return Ok(self.ends(Tail::Torn(at)));
        }
        let entry = match crc32fast::hash(bytes) == checksum {
            true => Entry::decode(bytes),
            false => None,
        };
        if entry.is_none() {
            return Ok(self.ends(Tail::Damaged(at)));
        }
        self.at = end;
        Ok(entry)
    }

    fn ends(&mut self, tail: Tail) -> Option<Entry> {
        // What was read may be appended to.
        self.window.clear();
        self.tail = tail;
        None
    }

    /// Appends an entry behind the one that was read or written last, with one write: it is in the file when this returns, whatever
    /// happens to the process.
    ///
    /// # Errors
    /// The system's, and an entry that is too long.
    pub fn append(&mut self, entry: &Entry) -> Result<(), LogError> {
        let done = self.write(|out| entry.encode(out));
        self.forget();
        done
    }

    /// Gives the room of a long entry back.
    fn forget(&mut self) {
        self.written.clear();
        self.written.shrink_to(KEPT);
    }

    fn write(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), LogError> {
        let bytes = &mut self.written;
        bytes.clear();
        bytes.resize(FRAME, 0);
        encode(bytes);
        let entry = &bytes[FRAME..];
        let len = u32::try_from(entry.len()).map_err(|_| LogError::TooLong)?;
        if u64::from(len) > LONGEST {
            return Err(LogError::TooLong);
        }
        let checksum = crc32fast::hash(entry);
        bytes[..4].copy_from_slice(&len.to_le_bytes());
        bytes[4..FRAME].copy_from_slice(&checksum.to_le_bytes());
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
