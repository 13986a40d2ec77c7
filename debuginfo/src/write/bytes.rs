//! Numbers, lengths and headers of DWARF 5 in its 32-bit format, as bytes.

use gimli::leb128::write::Leb128;
use gimli::{DwForm, DwLnct, DwUt};

/// An unsigned number in LEB128 (DWARF 5, section 7.6).
pub(crate) fn uleb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A signed number in LEB128.
pub(crate) fn sleb(out: &mut Vec<u8>, value: i64) {
    out.extend(Leb128::signed(value).bytes());
}

/// Fills in a number in LEB128 that takes all bytes of its place.
pub(crate) fn set_uleb(place: &mut [u8], value: u32) {
    let last = place.len() - 1;
    for (i, byte) in place.iter_mut().enumerate() {
        let more = if i < last { 0x80 } else { 0 };
        *byte = (value >> (7 * i)) as u8 & 0x7f | more;
    }
}

/// The length field of what begins at `start` and ends with the section: it does not count itself.
pub(crate) fn set_length(section: &mut [u8], start: usize) {
    let length = (section.len() - start - 4) as u32;
    section[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// A unit's header (DWARF 5, section 7.5.1.1), without its length and the place of its abbreviations.
pub(super) const fn unit_header(kind: DwUt, address_size: u8) -> [u8; 12] {
    [0, 0, 0, 0, 5, 0, kind.0, address_size, 0, 0, 0, 0]
}

/// The offset of the place of its abbreviations in a unit's header.
pub(super) const ABBREV_OFFSET: usize = 8;

/// The header of a table of lists (DWARF 5, sections 7.28 and 7.29), without its length: lists are referred to by their places.
pub(super) const fn list_header(address_size: u8) -> [u8; 12] {
    [0, 0, 0, 0, 5, 0, address_size, 0, 0, 0, 0, 0]
}

/// The format of the entries of a line table's directories or files (DWARF 5, section 6.2.4).
pub(crate) fn entry_format(out: &mut Vec<u8>, format: &[(DwLnct, DwForm)]) {
    out.push(format.len() as u8);
    for (content, form) in format {
        uleb(out, content.0.into());
        uleb(out, form.0.into());
    }
}

#[cfg(test)]
mod tests {
    use super::{set_uleb, uleb};
    use gimli::{EndianSlice, LittleEndian, Reader};

    #[test]
    fn numbers_that_fill_their_place_are_the_same() {
        let read = |bytes: &[u8]| {
            EndianSlice::new(bytes, LittleEndian)
                .read_uleb128()
                .unwrap()
        };
        for value in [0, 1, 127, 128, 0x1f_ffff] {
            let (mut place, mut shortest) = ([0; 3], Vec::new());
            set_uleb(&mut place, value);
            uleb(&mut shortest, value.into());
            assert_eq!([read(&place), read(&shortest)], [u64::from(value); 2]);
        }
    }
}
