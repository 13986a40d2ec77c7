//! Range and location lists, in DWARF 5's form, with addresses in place of indices and bases (DWARF 5, sections 2.17.3 and 2.6.2).

use super::expression::{self, Origin};
use crate::ranges::ListRoom;
use crate::source::{ReadUnit, Reader};
use crate::write::stream::Encoded;
use gimli::constants as dw;
use gimli::read::{LocListIter, RngListIter};

/// A range list; gimli leaves out what is empty and what was dropped.
///
/// # Errors
/// What gimli cannot read.
pub fn ranges<'d>(
    mut list: RngListIter<Reader<'d>>,
    unit: ReadUnit<'_, 'd>,
    room: &ListRoom,
) -> gimli::Result<Vec<u8>> {
    let size = unit.encoding().address_size;
    let mut out = Encoded::default();
    while let Some(range) = list.next()?
        && room.take().is_some()
    {
        out.bytes.push(dw::DW_RLE_start_end.0);
        out.address(range.begin, size);
        out.address(range.end, size);
    }
    out.bytes.push(dw::DW_RLE_end_of_list.0);
    Ok(out.bytes)
}

/// A location list.
///
/// # Errors
/// What gimli cannot read.
pub fn locations<'d>(
    mut list: LocListIter<Reader<'d>>,
    origin: Origin<'_, 'd>,
    room: &ListRoom,
) -> gimli::Result<Encoded> {
    let size = origin.unit.encoding().address_size;
    let mut out = Encoded::default();
    while let Some(entry) = list.next()?
        && room.take().is_some()
    {
        if entry.range.begin == 0 && entry.range.end == u64::MAX {
            out.bytes.push(dw::DW_LLE_default_location.0);
        } else {
            out.bytes.push(dw::DW_LLE_start_end.0);
            out.address(entry.range.begin, size);
            out.address(entry.range.end, size);
        }
        let expression = expression::copy(entry.data, origin)?;
        out.uleb(expression.bytes.len() as u64);
        out.append(expression);
    }
    out.bytes.push(dw::DW_LLE_end_of_list.0);
    Ok(out)
}
