//! Strings in the three encodings of the canonical ABI.

use super::error::Violation;
use super::parts::Encoding;
use crate::error::Result;

/// The bit of a length that says UTF-16, in the encoding that is one of two.
pub(super) const UTF16_TAG: u32 = 1 << 31;

/// Bytes that a string has at most (`MAX_STRING_BYTE_LENGTH`).
const LONGEST: usize = (1 << 31) - 1;

/// The bytes and the alignment of a string with this length, by its encoding.
pub(super) fn extent(encoding: Encoding, length: u32) -> (u64, u32) {
    match encoding {
        Encoding::Utf8 => (u64::from(length), 1),
        Encoding::Utf16 => (2 * u64::from(length), 2),
        Encoding::Compact if length & UTF16_TAG != 0 => (2 * u64::from(length & !UTF16_TAG), 2),
        Encoding::Compact => (u64::from(length), 2),
    }
}

/// The text of a guest's string, of which `length` says the encoding too.
pub(super) fn decode(encoding: Encoding, length: u32, bytes: &[u8]) -> Result<String> {
    match encoding {
        Encoding::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(Violation::error(format!(
                "invalid UTF-8 in a string: {error}"
            ))),
        },
        Encoding::Compact if length & UTF16_TAG == 0 => {
            Ok(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        Encoding::Utf16 | Encoding::Compact => {
            let (units, _) = bytes.as_chunks::<2>();
            let chars = char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)));
            let text: std::result::Result<String, _> = chars.collect();
            text.map_err(|error| Violation::error(format!("invalid UTF-16 in a string: {error}")))
        }
    }
}

/// A string as a guest gets it: its bytes, and the length that says how many code units and, where it can, which encoding.
pub(super) fn encode(encoding: Encoding, text: &str) -> Result<(Vec<u8>, u32)> {
    let utf16 = || {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    let (bytes, unit, tag) = match encoding {
        Encoding::Utf8 => (text.as_bytes().to_vec(), 1, 0),
        Encoding::Utf16 => (utf16(), 2, 0),
        Encoding::Compact => match text.chars().map(|it| u8::try_from(u32::from(it))).collect() {
            Ok(latin1) => (latin1, 1, 0),
            Err(_) => (utf16(), 2, UTF16_TAG),
        },
    };
    if bytes.len() > LONGEST {
        return Err(Violation::error("string is too long"));
    }
    let length = (bytes.len() / unit) as u32 | tag;
    Ok((bytes, length))
}

#[cfg(test)]
mod tests {
    use super::{Encoding, UTF16_TAG, decode, encode, extent};

    #[test]
    fn strings_survive_each_encoding() {
        for text in ["", "plain", "caf\u{e9}", "\u{20ac}uro", "\u{1f980}\u{0}x"] {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Compact] {
                let (bytes, length) = encode(encoding, text).unwrap();
                assert_eq!(extent(encoding, length).0, bytes.len() as u64);
                assert_eq!(decode(encoding, length, &bytes).unwrap(), text);
            }
        }
        assert_eq!(
            encode(Encoding::Compact, "caf\u{e9}").unwrap(),
            (b"caf\xe9".to_vec(), 4)
        );
        assert_eq!(
            encode(Encoding::Compact, "\u{20ac}").unwrap(),
            (vec![0xac, 0x20], 1 | UTF16_TAG)
        );
    }

    #[test]
    fn what_is_no_text_is_a_trap() {
        assert!(decode(Encoding::Utf8, 2, b"\xc3\x28").is_err());
        assert!(decode(Encoding::Utf8, 3, b"\xed\xa0\x80").is_err());
        assert!(decode(Encoding::Utf16, 1, &[0x00, 0xd8]).is_err());
        assert!(decode(Encoding::Compact, 1 | UTF16_TAG, &[0x00, 0xdc]).is_err());
    }
}
