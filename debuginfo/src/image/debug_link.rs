//! `.gnu_debuglink` as `objcopy --add-gnu-debuglink` makes it, but with a whole path: the path, zeros up to a multiple of 4, a checksum.

use object::LittleEndian;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, SectionHeader as _};
use std::ops::Range;

/// The section's name.
pub const NAME: &str = ".gnu_debuglink";
/// The section's alignment.
pub const ALIGNMENT: usize = 4;
/// Room for a path of `/proc/PID/fd/N`, so that another one can take its place.
const ROOM: usize = 64;

/// The contents of the section. `number` stands for the checksum, which nobody asks of a file that is there; 0 would have one computed.
pub fn contents(path: &str, number: u32) -> Vec<u8> {
    let mut contents = path.as_bytes().to_vec();
    contents.resize(padded(path.len()), 0);
    contents.extend((number | 1).to_le_bytes());
    contents.resize(contents.len().max(ROOM), 0);
    contents
}

/// Bytes of a path with at least one zero after it.
fn padded(path: usize) -> usize {
    (path + 1).next_multiple_of(ALIGNMENT)
}

/// Makes an image that [leads to a file](super::Image::link) lead to another; returns false if it is no such image, or has no room.
pub fn set_link_path(image: &mut [u8], path: &str) -> bool {
    let section = place(image).and_then(|place| image.get_mut(place));
    let Some(section) = section else {
        return false;
    };
    let old = section.iter().position(|byte| *byte == 0);
    let number = old.and_then(|old| section.get(padded(old)..)?.first_chunk());
    let contents = number.map(|number| contents(path, u32::from_le_bytes(*number)));
    match contents.filter(|it| it.len() == section.len()) {
        Some(contents) => section.copy_from_slice(&contents),
        None => return false,
    }
    true
}

/// The range of the section in an image.
fn place(image: &[u8]) -> Option<Range<usize>> {
    let endian = LittleEndian;
    let table = FileHeader64::<LittleEndian>::parse(image).ok()?;
    let table = table.sections(endian, image).ok()?;
    let (_, section) = table.section_by_name(endian, NAME.as_bytes())?;
    let start = usize::try_from(section.sh_offset(endian)).ok()?;
    let size = usize::try_from(section.sh_size(endian)).ok()?;
    Some(start..start.checked_add(size)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::{STRTAB, Section, write};
    use object::elf;

    #[test]
    fn a_path_takes_the_place_of_another() {
        let image = |path, number| {
            let contents = contents(path, number);
            let link = Section::unallocated(NAME, elf::SHT_PROGBITS, vec![&contents]);
            let names = Section::unallocated(STRTAB, elf::SHT_STRTAB, vec![&[0]]);
            write(&[link, names], &[], Some(&[]))
        };
        let mut changed = image("/proc/1234567/fd/89", 0x1000_0000);
        assert!(set_link_path(&mut changed, "/proc/1/fd/2"));
        assert_eq!(changed, image("/proc/1/fd/2", 0x1000_0000));
        assert!(!set_link_path(&mut changed, &"/long".repeat(20)));
        assert!(!set_link_path(&mut [0; 100], "/proc/1/fd/2"));
    }
}
