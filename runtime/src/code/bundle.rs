//! The artifact of a component: the component in its binary form, and the artifacts of its core modules.
//!
//! ```text
//! magic number   8 bytes
//! checksum       u32: CRC-32 of all that follows
//! count          u32: of the parts, of which the first is the component
//! lengths        u64 each
//! parts          their bytes, one after another
//! ```
//! Numbers are little-endian. The versions that can run it are in the artifacts.

use super::artifact::ArtifactError;

/// The first bytes.
const MAGIC: &[u8; 8] = b"\0dwalin\x01";
/// Bytes of the magic number, the checksum and the count.
const HEADER: usize = 16;

/// The parts of a component's artifact.
pub struct Bundle<'a> {
    /// The component in its binary form.
    pub component: &'a [u8],
    /// The artifacts of its core modules, in the order in which it is taken apart.
    pub modules: Vec<&'a [u8]>,
}

impl<'a> Bundle<'a> {
    /// Returns true if bytes are a component's artifact, damaged or not.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Finds the parts.
    ///
    /// # Errors
    /// Where it is none, or not as it was written.
    pub fn read(bytes: &'a [u8]) -> Result<Bundle<'a>, ArtifactError> {
        let cut = || ArtifactError::Malformed {
            what: "a part of the component",
        };
        let word = |at: usize| {
            let bytes = bytes.get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        if !Bundle::is_one(bytes) {
            return Err(ArtifactError::Malformed {
                what: "the magic number",
            });
        }
        let (sum, count) = word(8).zip(word(12)).ok_or_else(cut)?;
        if crc32fast::hash(&bytes[12..]) != sum {
            return Err(ArtifactError::Damaged);
        }
        let (lengths, mut rest) = bytes[HEADER..]
            .split_at_checked(count as usize * size_of::<u64>())
            .ok_or_else(cut)?;
        let mut parts = Vec::new();
        for length in lengths.as_chunks().0 {
            let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
            let part;
            (part, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
            parts.push(part);
        }
        let (component, modules) = parts.split_first().ok_or_else(cut)?;
        Ok(Bundle {
            component,
            modules: modules.to_vec(),
        })
    }

    /// The bytes.
    pub fn write(&self) -> Vec<u8> {
        let parts = || std::iter::once(&self.component).chain(&self.modules);
        let mut rest = Vec::new();
        rest.extend((self.modules.len() as u32 + 1).to_le_bytes());
        for part in parts() {
            rest.extend((part.len() as u64).to_le_bytes());
        }
        parts().for_each(|part| rest.extend_from_slice(part));
        let mut bytes = MAGIC.to_vec();
        bytes.extend(crc32fast::hash(&rest).to_le_bytes());
        bytes.extend(rest);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_others_are_refused() {
        let bundle = Bundle {
            component: b"component",
            modules: vec![b"one", b"", b"three"],
        };
        let bytes = bundle.write();
        let read = Bundle::read(&bytes).unwrap();
        assert_eq!(read.component, bundle.component);
        assert_eq!(read.modules, bundle.modules);
        for len in 0..bytes.len() {
            assert!(Bundle::read(&bytes[..len]).is_err(), "{len} bytes");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Bundle::read(&flipped).is_err(), "bit {bit}");
        }
        // A count that is right for the checksum alone.
        let mut many = bytes.clone();
        many[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        let sum = crc32fast::hash(&many[12..]).to_le_bytes();
        many[8..12].copy_from_slice(&sum);
        assert!(Bundle::read(&many).is_err());
    }
}
