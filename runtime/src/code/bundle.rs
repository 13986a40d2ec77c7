//! The artifact of a component: what it takes to take the component apart again, and the artifacts of its core modules, each mapped as it is.
//!
//! ```text
//! magic number   8 bytes, the last of which is the version of this format
//! checksums      u32 each: CRC-32 of the head from behind them on, and of the component
//! program        u32: which core module it is, or none
//! count          u32: of the parts
//! parts          u64 each: where they begin, and their length: skeleton, component, core modules
//! skeleton       the end of the head
//! others         core modules begin at pages
//! ```
//! Numbers are little-endian. The versions that can run it are in the artifacts, and so are their checksums.

use super::error::ArtifactError;
use crate::abi::layout::SYSTEM_PAGE;
use std::ops::Range;

/// The first bytes.
const MAGIC: &[u8; 8] = b"\0dwalin\x02";
/// Bytes of the magic number and the checksums.
const SUMS: usize = 16;
/// Bytes before the list of parts.
const HEADER: usize = 24;
/// Bytes of a part in the list.
const PART: usize = 16;
const NO_PROGRAM: u32 = u32::MAX;

/// The parts of a component's artifact.
#[derive(Debug)]
pub struct Bundle<'a> {
    bytes: &'a [u8],
    component_sum: u32,
    component: Range<usize>,
    /// The component without code and data.
    pub skeleton: &'a [u8],
    /// The places of the artifacts of its core modules, in the order in which it is taken apart.
    pub modules: Vec<Range<usize>>,
    /// The core module that is its program.
    pub program: Option<usize>,
}

impl<'a> Bundle<'a> {
    /// Returns true if bytes are a component's artifact, of whatever version, damaged or not.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC[..MAGIC.len() - 1])
    }

    /// Finds the parts.
    ///
    /// # Errors
    /// Where it is none, or its head is not as it was written.
    pub fn find(bytes: &'a [u8]) -> Result<Bundle<'a>, ArtifactError> {
        let cut = || ArtifactError::Malformed {
            what: "a part of the component",
        };
        if !bytes.starts_with(MAGIC) {
            return Err(ArtifactError::Mismatch {
                setting: "its format is of another version".to_owned(),
            });
        }
        let words = bytes[MAGIC.len()..].as_chunks().0.iter();
        let mut words = words.map(|it| u32::from_le_bytes(*it));
        let mut word = || words.next().ok_or_else(cut);
        let (head_sum, component_sum) = (word()?, word()?);
        let (program, count) = (word()?, word()?);
        let end = (count as usize).checked_mul(PART);
        let end = end.and_then(|len| len.checked_add(HEADER));
        let list = bytes.get(HEADER..end.ok_or_else(cut)?).ok_or_else(cut)?;
        let parts = list.as_chunks::<PART>().0.iter();
        let parts = parts.map(|part| range_of(part, bytes.len()).ok_or_else(cut));
        let mut parts = parts.collect::<Result<Vec<_>, _>>()?.into_iter();
        let (skeleton, component) = parts.next().zip(parts.next()).ok_or_else(cut)?;
        let head = bytes.get(SUMS..skeleton.end).ok_or_else(cut)?;
        if crc32fast::hash(head) != head_sum {
            return Err(ArtifactError::Damaged);
        }
        let modules: Vec<_> = parts.collect();
        let page = SYSTEM_PAGE as usize;
        if modules.iter().any(|it| !it.start.is_multiple_of(page)) {
            return Err(cut());
        }
        Ok(Bundle {
            bytes,
            component_sum,
            component,
            skeleton: &bytes[skeleton],
            modules,
            program: (program != NO_PROGRAM).then_some(program as usize),
        })
    }

    /// The component in its binary form.
    ///
    /// # Errors
    /// Where it is not as it was written.
    pub fn component(&self) -> Result<&'a [u8], ArtifactError> {
        let component = &self.bytes[self.component.clone()];
        match crc32fast::hash(component) == self.component_sum {
            true => Ok(component),
            false => Err(ArtifactError::Damaged),
        }
    }

    /// The bytes.
    pub fn write(
        skeleton: &[u8],
        component: &[u8],
        modules: &[&[u8]],
        program: Option<usize>,
    ) -> Vec<u8> {
        let mut at = HEADER + PART * (modules.len() + 2);
        let mut place = |part: &[u8], page: usize| {
            let start = at.next_multiple_of(page);
            at = start + part.len();
            start..at
        };
        let head = place(skeleton, 1);
        let modules_at = modules.iter().map(|it| place(it, SYSTEM_PAGE as usize));
        let modules_at: Vec<_> = modules_at.collect();
        let component_at = place(component, 1);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(crc32fast::hash(component).to_le_bytes());
        bytes.extend(program.map_or(NO_PROGRAM, |it| it as u32).to_le_bytes());
        bytes.extend((modules.len() as u32 + 2).to_le_bytes());
        for part in [&head, &component_at].into_iter().chain(&modules_at) {
            bytes.extend((part.start as u64).to_le_bytes());
            bytes.extend((part.len() as u64).to_le_bytes());
        }
        bytes.extend_from_slice(skeleton);
        let sum = crc32fast::hash(&bytes[SUMS..]);
        bytes[MAGIC.len()..MAGIC.len() + 4].copy_from_slice(&sum.to_le_bytes());
        for (part, at) in modules.iter().zip(modules_at) {
            bytes.resize(at.start, 0);
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(component);
        bytes
    }
}

/// A part's range, if it is in a file of this length.
fn range_of(part: &[u8; PART], len: usize) -> Option<Range<usize>> {
    let [start, size] = part.as_chunks().0 else {
        return None;
    };
    let number = |bytes: &[u8; 8]| usize::try_from(u64::from_le_bytes(*bytes)).ok();
    let start = number(start)?;
    let end = start.checked_add(number(size)?)?;
    (end <= len).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_others_are_refused() {
        let modules: [&[u8]; 3] = [b"one", b"", b"three"];
        let bytes = Bundle::write(b"skeleton", b"component", &modules, Some(2));
        let check = |bytes: &[u8]| {
            let read = Bundle::find(bytes)?;
            assert_eq!(read.skeleton, b"skeleton");
            assert_eq!(read.program, Some(2));
            assert_eq!(read.component()?, b"component");
            let found = read.modules.iter().map(|it| &bytes[it.clone()]);
            let found: Vec<_> = found.collect();
            Ok::<_, ArtifactError>(found == modules)
        };
        assert!(check(&bytes).unwrap());
        for len in 0..bytes.len() {
            assert!(check(&bytes[..len]).is_err(), "{len} bytes");
        }
        // What is between the parts is nobody's; the modules have checksums of their own, and the component is behind them.
        let head = HEADER + 5 * PART + b"skeleton".len();
        let component = bytes.len() - b"component".len();
        for bit in (0..head * 8).chain(component * 8..bytes.len() * 8) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&flipped).is_err(), "bit {bit}");
        }
        // Numbers that are right for the checksum alone.
        for at in [20, HEADER, HEADER + 8, HEADER + 2 * PART] {
            let mut wrong = bytes.clone();
            wrong[at..at + 4].copy_from_slice(&(u32::MAX - 6).to_le_bytes());
            let sum = crc32fast::hash(&wrong[SUMS..head]).to_le_bytes();
            wrong[8..12].copy_from_slice(&sum);
            assert!(check(&wrong).is_err(), "{at}");
        }
    }
}
