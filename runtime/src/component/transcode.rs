//! Strings that adapters pass from one memory to another, in three encodings (CanonicalABI.md, `store_string`). What an adapter asks for
//! is a step of that: it has allocated for what it expects, and asks again where that was not enough.

use super::canonical::checked;
use super::error::Violation;
use super::parts::Transcode;
use super::strings::UTF16_TAG;
use crate::error::Result;

/// The results of a step: at most two, by kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    Nothing,
    /// Code units, of the destination, with the tag where there is one.
    Length(u32),
    /// Code units of the source that were read, and of the destination that were written.
    Both(u32, u32),
}

/// The operands of a step: the source with its code units, the destination, and for some steps its size, and what is there already.
pub(super) struct Operands {
    pub from: u32,
    pub units: u32,
    pub to: u32,
    pub room: u32,
    pub before: u32,
}

/// Bytes of a code unit of the source.
fn width(op: Transcode) -> u64 {
    match op {
        Transcode::CopyUtf16
        | Transcode::Utf16ToUtf8
        | Transcode::Utf16ToLatin1
        | Transcode::Utf16ToCompactUtf16
        | Transcode::Utf16ToCompact => 2,
        _ => 1,
    }
}

/// The source of a step, in a memory.
pub(super) fn source<'m>(op: Transcode, operands: &Operands, memory: &'m [u8]) -> Result<&'m [u8]> {
    let bytes = u64::from(operands.units) * width(op);
    let at = checked(
        operands.from,
        bytes,
        width(op) as u32,
        memory.len(),
        "string",
    )?;
    Ok(&memory[at..at + bytes as usize])
}

/// Does a step: writes to the destination's memory.
pub(super) fn transcode(
    op: Transcode,
    operands: &Operands,
    source: &[u8],
    memory: &mut [u8],
) -> Result<Done> {
    let mut to = Destination {
        memory,
        at: operands.to,
    };
    match op {
        Transcode::CopyUtf8 => {
            utf8(source)?;
            to.write(source)?;
            Ok(Done::Nothing)
        }
        Transcode::CopyUtf16 => {
            chars(source).try_for_each(|it| it.map(|_| ()))?;
            to.write(source)?;
            Ok(Done::Nothing)
        }
        Transcode::CopyLatin1 => {
            to.write(source)?;
            Ok(Done::Nothing)
        }
        Transcode::Latin1ToUtf16 => {
            let wide: Vec<u8> = source.iter().flat_map(|byte| [*byte, 0]).collect();
            to.write(&wide)?;
            Ok(Done::Nothing)
        }
        Transcode::Utf8ToUtf16 => {
            let wide = utf16(utf8(source)?.chars());
            to.write(&wide)?;
            Ok(Done::Length(wide.len() as u32 / 2))
        }
        Transcode::Utf8ToCompactUtf16 => {
            let rest = utf16(utf8(source)?.chars());
            to.append(operands, &rest)
        }
        Transcode::Utf16ToCompactUtf16 => {
            chars(source).try_for_each(|it| it.map(|_| ()))?;
            to.append(operands, source)
        }
        Transcode::Latin1ToUtf8
        | Transcode::Utf16ToUtf8
        | Transcode::Utf8ToLatin1
        | Transcode::Utf16ToLatin1
        | Transcode::Utf16ToCompact => to_fewer(op, operands, source, &mut to),
    }
}

/// A step to an encoding of bytes, in which the string may not be as long as was expected, or not be at all.
fn to_fewer(
    op: Transcode,
    operands: &Operands,
    source: &[u8],
    to: &mut Destination<'_>,
) -> Result<Done> {
    match op {
        Transcode::Latin1ToUtf8 => {
            let all = source.iter().map(|byte| Ok(char::from(*byte)));
            to_utf8(all, |_| 1, operands.room, to)
        }
        Transcode::Utf16ToUtf8 => to_utf8(chars(source), |it| it.len_utf16(), operands.room, to),
        Transcode::Utf8ToLatin1 => {
            let all = utf8(source)?.chars().map(Ok);
            to_latin1(all, char::len_utf8, to)
        }
        Transcode::Utf16ToLatin1 => to_latin1(chars(source), char::len_utf16, to),
        Transcode::Utf16ToCompact => {
            let all = chars(source).collect::<Result<Vec<_>>>()?;
            let narrow: Option<Vec<u8>> = all.iter().map(|it| latin1(*it)).collect();
            match narrow {
                Some(narrow) => {
                    to.write(&narrow)?;
                    Ok(Done::Length(narrow.len() as u32))
                }
                None => {
                    to.write(source)?;
                    Ok(Done::Length(operands.units | UTF16_TAG))
                }
            }
        }
        _ => unreachable!("those are `transcode`'s"),
    }
}

/// The bytes that are written.
struct Destination<'m> {
    memory: &'m mut [u8],
    at: u32,
}

impl Destination<'_> {
    /// The bytes of the destination, from its beginning.
    fn bytes(&mut self, len: usize) -> Result<&mut [u8]> {
        let at = checked(self.at, len as u64, 1, self.memory.len(), "string")?;
        Ok(&mut self.memory[at..at + len])
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// Makes Latin-1 that was written before UTF-16, and writes more behind it.
    fn append(&mut self, operands: &Operands, rest: &[u8]) -> Result<Done> {
        let before = self.bytes(operands.before as usize)?.to_vec();
        let mut all: Vec<u8> = before.into_iter().flat_map(|byte| [byte, 0]).collect();
        all.extend_from_slice(rest);
        if all.len() as u64 > 2 * u64::from(operands.room) {
            return Err(Violation::error("string content out-of-bounds"));
        }
        self.write(&all)?;
        Ok(Done::Length(all.len() as u32 / 2))
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes)
        .map_err(|error| Violation::error(format!("invalid UTF-8 in a string: {error}")))
}

/// The characters of UTF-16.
fn chars(bytes: &[u8]) -> impl Iterator<Item = Result<char>> {
    let (units, _) = bytes.as_chunks::<2>();
    let chars = char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)));
    chars.map(|it| {
        it.map_err(|error| Violation::error(format!("invalid UTF-16 in a string: {error}")))
    })
}

fn utf16(chars: impl Iterator<Item = char>) -> Vec<u8> {
    let mut units = [0; 2];
    let mut bytes = Vec::new();
    for it in chars {
        let units = it.encode_utf16(&mut units);
        bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    }
    bytes
}

fn latin1(it: char) -> Option<u8> {
    u8::try_from(u32::from(it)).ok()
}

/// Writes as many characters as there is room for.
fn to_utf8(
    chars: impl Iterator<Item = Result<char>>,
    units: impl Fn(char) -> usize,
    room: u32,
    to: &mut Destination<'_>,
) -> Result<Done> {
    let (mut read, mut bytes) = (0, Vec::new());
    for it in chars {
        let it = it?;
        if bytes.len() + it.len_utf8() > room as usize {
            break;
        }
        let mut encoded = [0; 4];
        bytes.extend_from_slice(it.encode_utf8(&mut encoded).as_bytes());
        read += units(it);
    }
    to.write(&bytes)?;
    Ok(Done::Both(read as u32, bytes.len() as u32))
}

/// Writes characters up to the first that Latin-1 does not have.
fn to_latin1(
    chars: impl Iterator<Item = Result<char>>,
    units: impl Fn(char) -> usize,
    to: &mut Destination<'_>,
) -> Result<Done> {
    let (mut read, mut bytes) = (0, Vec::new());
    for it in chars {
        let it = it?;
        let Some(byte) = latin1(it) else { break };
        bytes.push(byte);
        read += units(it);
    }
    to.write(&bytes)?;
    Ok(Done::Both(read as u32, bytes.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::{Done, Operands, source, transcode};
    use crate::component::parts::Transcode;

    fn operands(units: u32, room: u32, before: u32) -> Operands {
        Operands {
            from: 2,
            units,
            to: 4,
            room,
            before,
        }
    }

    fn step(op: Transcode, bytes: &[u8], operands: &Operands, to: &mut [u8]) -> Option<Done> {
        let memory = [&[0, 0], bytes].concat();
        let from = source(op, operands, &memory).ok()?;
        transcode(op, operands, from, to).ok()
    }

    #[test]
    fn a_string_that_needs_more_room_is_continued_where_it_ended() {
        let text: Vec<u8> = "a\u{20ac}\u{1f980}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let mut to = [0; 16];
        // Four units were allocated for, as bytes: the first two characters fit.
        let first = step(Transcode::Utf16ToUtf8, &text, &operands(4, 4, 0), &mut to);
        assert_eq!(first, Some(Done::Both(2, 4)));
        assert_eq!(&to[4..8], "a\u{20ac}".as_bytes());
        let rest = Operands {
            to: 8,
            ..operands(2, 8, 0)
        };
        let second = step(Transcode::Utf16ToUtf8, &text[4..], &rest, &mut to);
        assert_eq!(second, Some(Done::Both(2, 4)));
        assert_eq!(&to[4..12], "a\u{20ac}\u{1f980}".as_bytes());
    }

    #[test]
    fn latin1_becomes_utf16_where_a_later_character_needs_it() {
        let text = "\u{e9}x\u{20ac}";
        let mut to = [0; 16];
        let first = step(
            Transcode::Utf8ToLatin1,
            text.as_bytes(),
            &operands(6, 0, 0),
            &mut to,
        );
        assert_eq!(first, Some(Done::Both(3, 2)));
        assert_eq!(&to[4..6], b"\xe9x");
        let rest = operands(3, 6, 2);
        let second = step(
            Transcode::Utf8ToCompactUtf16,
            &text.as_bytes()[3..],
            &rest,
            &mut to,
        );
        assert_eq!(second, Some(Done::Length(3)));
        let expected: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(&to[4..10], expected);
    }

    #[test]
    fn compact_strings_are_latin1_where_all_of_them_can_be() {
        let units = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
        };
        let mut to = [0; 16];
        let narrow = step(
            Transcode::Utf16ToCompact,
            &units("\u{e9}y"),
            &operands(2, 0, 0),
            &mut to,
        );
        assert_eq!(narrow, Some(Done::Length(2)));
        assert_eq!(&to[4..6], b"\xe9y");
        let wide = step(
            Transcode::Utf16ToCompact,
            &units("\u{20ac}y"),
            &operands(2, 0, 0),
            &mut to,
        );
        assert_eq!(wide, Some(Done::Length(2 | 1 << 31)));
        assert_eq!(&to[4..8], units("\u{20ac}y"));
    }

    #[test]
    fn what_is_no_text_or_beyond_memory_is_a_trap() {
        let mut to = [0; 8];
        let two = operands(2, 8, 0);
        assert_eq!(step(Transcode::CopyUtf8, b"\xc3\x28", &two, &mut to), None);
        assert_eq!(
            step(Transcode::CopyUtf16, &[0, 0xd8, 0, 0], &two, &mut to),
            None
        );
        assert_eq!(step(Transcode::CopyUtf8, b"x", &two, &mut to), None);
        assert_eq!(
            step(
                Transcode::CopyLatin1,
                b"abcdef",
                &operands(6, 0, 0),
                &mut to
            ),
            None
        );
        assert_eq!(
            step(
                Transcode::Utf8ToCompactUtf16,
                b"ab",
                &operands(2, 2, 1),
                &mut to
            ),
            None
        );
    }
}
