//! The artifact's own tables: what each section holds, written and read in one place. All numbers are little-endian u32
//! unless noted otherwise; offsets are of bytes in `.text`.
//!
//! | section | contents |
//! |---|---|
//! | `.text` | functions, then trampolines, page-aligned |
//! | `.eh_frame` | call frame information of all of it, pc-relative, right after |
//! | `.dwalin.settings` | text that is equal where the code can be used |
//! | `.dwalin.functions` | for each piece of code: offset, length |
//! | `.dwalin.addrmap` | see [`super::addrmap`] |
//! | `.dwalin.traps` | the number n of traps, n offsets (sorted), n kinds (bytes) |
//! | `.dwalin.slots` | see [`super::slots`] |
//! | `.dwalin.unwind` | see [`super::handlers`] |
//! | `.dwalin.tail` | the types of which it matters that their functions follow the `tail` convention: sorted |
//! | `.wasm` | the module, as it was: names, segments and DWARF are windows of it |
//!
//! Behind everything that ELF knows of are 8 bytes of a hash of all bytes before, by which artifacts are told apart, and the CRC-32 of all
//! bytes before that.

use std::hash::{DefaultHasher, Hasher};

/// Counts the changes to what sections hold, and to what code and the runtime agree on, within a version.
pub const TABLES: u32 = 10;

/// Machine code.
pub const TEXT: &str = ".text";
/// Call frame information.
pub const EH_FRAME: &str = ".eh_frame";
/// The settings that the code depends on.
pub const SETTINGS: &str = ".dwalin.settings";
/// Pieces of code.
pub const FUNCTIONS: &str = ".dwalin.functions";
/// Code → wasm.
pub const ADDRESS_MAP: &str = ".dwalin.addrmap";
/// Instructions that trap.
pub const TRAPS: &str = ".dwalin.traps";
/// The stack slots of values, and the calls.
pub const SLOTS: &str = ".dwalin.slots";
/// Saved registers, and handlers of exceptions.
pub const UNWIND: &str = ".dwalin.unwind";
/// Types whose functions follow the `tail` convention.
pub const TAIL_TYPES: &str = ".dwalin.tail";
/// The module.
pub const WASM: &str = ".wasm";

/// Bytes of hash and checksum.
const SEAL: usize = 12;

/// Appends hash and checksum.
pub fn seal(artifact: &mut Vec<u8>) {
    let mut hasher = DefaultHasher::new();
    hasher.write(artifact);
    artifact.extend(hasher.finish().to_le_bytes());
    artifact.extend(crc32fast::hash(artifact).to_le_bytes());
}

/// Returns true if an artifact is as it was written.
pub fn is_whole(artifact: &[u8]) -> bool {
    let parts = artifact.split_last_chunk();
    parts.is_some_and(|(sealed, sum)| crc32fast::hash(sealed).to_le_bytes() == *sum)
}

/// The hash and checksum that tell a whole artifact from others.
pub fn identity(artifact: &[u8]) -> &[u8] {
    &artifact[artifact.len().saturating_sub(SEAL)..]
}

/// A window of u32s.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a>(&'a [[u8; 4]]);

impl<'a> Words<'a> {
    /// All whole words of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Words<'a> {
        Words(bytes.as_chunks().0)
    }

    /// One of them.
    pub fn get(self, index: usize) -> Option<u32> {
        self.0.get(index).map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// Those in a range, where they are there.
    pub fn slice(self, from: usize, len: usize) -> Option<Words<'a>> {
        self.0.get(from..from.checked_add(len)?).map(Words)
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = u32> + 'a {
        self.0.iter().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// The position of the last word that is at most `value`, where the words are sorted.
    pub fn last_at_most(self, value: u32) -> Option<usize> {
        self.0
            .partition_point(|bytes| u32::from_le_bytes(*bytes) <= value)
            .checked_sub(1)
    }
}

/// Collects words.
#[derive(Default)]
pub struct WordsWriter(pub Vec<u8>);

impl WordsWriter {
    /// Adds words.
    pub fn extend(&mut self, words: impl IntoIterator<Item = u32>) {
        self.0.extend(words.into_iter().flat_map(u32::to_le_bytes));
    }
}

/// Code offset → why it traps there.
#[derive(Clone, Copy, Debug)]
pub struct TrapTable<'a> {
    offsets: Words<'a>,
    kinds: &'a [u8],
}

impl<'a> TrapTable<'a> {
    /// The section's contents; `None` where they are cut short.
    pub fn parse(bytes: &'a [u8]) -> Option<TrapTable<'a>> {
        let words = Words::new(bytes);
        let count = words.get(0)? as usize;
        Some(TrapTable {
            offsets: words.slice(1, count)?,
            kinds: bytes.get(4 + count * 4..4 + count * 5)?,
        })
    }

    /// Writes a section from traps sorted by offset.
    pub fn write(traps: &[(u32, u8)]) -> Vec<u8> {
        let mut words = WordsWriter::default();
        words.extend([traps.len() as u32]);
        words.extend(traps.iter().map(|(offset, _)| *offset));
        words.0.extend(traps.iter().map(|(_, kind)| *kind));
        words.0
    }

    /// The kind, as a number, of the instruction at exactly an offset.
    pub fn lookup(&self, offset: u32) -> Option<u8> {
        let index = self.offsets.last_at_most(offset)?;
        (self.offsets.get(index) == Some(offset))
            .then(|| self.kinds.get(index).copied())
            .flatten()
    }
}
