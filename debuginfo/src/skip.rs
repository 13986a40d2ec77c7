//! Entries' attributes that nobody reads.

use gimli::constants as dw;
use gimli::read::{AttributeSpecification, EntriesRaw, Reader};

/// Skips the attributes of an entry, those up to a block at a time: gimli adds the sizes of what comes behind a block to its length, which
/// may be any number of 64 bits.
///
/// # Errors
/// An attribute that is none, or that does not end within the unit.
pub fn skip_attributes<R: Reader>(
    entries: &mut EntriesRaw<'_, R>,
    attributes: &[AttributeSpecification],
) -> gimli::Result<()> {
    attributes
        .split_inclusive(|it| may_be_long(it.form()))
        .try_for_each(|some| entries.skip_attributes(some))
}

/// Returns true if the length of an attribute may be a LEB128 number.
fn may_be_long(form: gimli::DwForm) -> bool {
    let long = [dw::DW_FORM_block, dw::DW_FORM_exprloc, dw::DW_FORM_indirect];
    long.contains(&form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gimli::{DebugAbbrev, DebugInfo, LittleEndian};

    /// Skips the attributes of an entry: a block (or an expression, or either by `DW_FORM_indirect`) and a byte.
    fn skipped(form: dw::DwForm, entry: &[u8]) -> gimli::Result<()> {
        let form = form.0 as u8;
        let abbreviations = [1, 0x13, 0, 0x02, form, 0x0b, 0x0b, 0, 0, 0];
        let unit = [&[4, 0, 0, 0, 0, 0, 4, 1], entry].concat();
        let info = [&(unit.len() as u32).to_le_bytes(), &unit[..]].concat();
        let header = DebugInfo::new(&info, LittleEndian).units().next()?;
        let header = header.expect("a unit");
        let abbreviations = DebugAbbrev::new(&abbreviations, LittleEndian);
        let abbreviations = header.abbreviations(&abbreviations)?;
        let mut entries = header.entries_raw(&abbreviations, None)?;
        let entry = entries.read_abbreviation()?.expect("an entry");
        skip_attributes(&mut entries, entry.attributes())?;
        assert!(entries.is_empty());
        Ok(())
    }

    #[test]
    fn a_block_of_any_length_is_skipped_or_an_error() {
        // 2^64 - 1, to which the byte's size is added.
        let endless = [[0xff; 9].as_slice(), &[1]].concat();
        for form in [dw::DW_FORM_block, dw::DW_FORM_exprloc] {
            assert_eq!(skipped(form, &[2, 7, 7, 9]), Ok(()));
            assert!(skipped(form, &[&endless[..], &[9]].concat()).is_err());
            let indirect = [&[form.0 as u8][..], &endless, &[9]].concat();
            assert!(skipped(dw::DW_FORM_indirect, &indirect).is_err());
        }
    }
}
