//! The end of a core dump: a custom section with the CRC-32 of all before it. A core dump that lost a bit would show values that the
//! program never had.

use std::io::{self, Write};
use wasm_encoder::{CustomSection, Section};

const NAME: &str = "dwalin.checksum";
/// Bytes of the section.
const LENGTH: usize = 2 + 1 + NAME.len() + 4;

/// Writes, and keeps the checksum of what was written.
pub struct Summing<W> {
    out: W,
    sum: crc32fast::Hasher,
}

impl<W: Write> Summing<W> {
    /// From the file's first byte on.
    pub fn new(out: W) -> Summing<W> {
        Summing {
            out,
            sum: crc32fast::Hasher::new(),
        }
    }

    /// Writes the section.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&section(self.sum.finalize()))
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn section(sum: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let section = CustomSection {
        name: NAME.into(),
        data: sum.to_le_bytes().to_vec().into(),
    };
    section.append_to(&mut bytes);
    bytes
}

/// Returns true if a core dump is as it was written; `None` where it does not end with a checksum, as those of others.
pub fn is_whole(dump: &[u8]) -> Option<bool> {
    let (before, end) = dump.split_at_checked(dump.len().checked_sub(LENGTH)?)?;
    let sum = section(crc32fast::hash(before));
    let head = LENGTH - 4;
    (end[..head] == sum[..head]).then(|| end == sum)
}
