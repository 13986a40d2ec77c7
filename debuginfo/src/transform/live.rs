//! Which entries describe something that exists: functions that were compiled and variables that were not dropped. gimli adds
//! what they refer to and what they are in.

use crate::address::WasmPc;
use crate::expr::decode::{Op, decode};
use crate::lookup::Lookup;
use crate::source::{ReadDwarf, ReadUnit, Reader, Warnings};
use gimli::constants as dw;
use gimli::read::AttributeValue;
use gimli::write::{FilterUnit, FilterUnitSection};

/// The live entries of all units; `None` where not even the first unit can be read.
pub(super) fn find<'a, 'd>(
    read: &'a ReadDwarf<'d>,
    lookup: &Lookup<'_>,
    warnings: &mut Warnings,
) -> Option<FilterUnitSection<'a, Reader<'d>>> {
    let mut filter = match FilterUnitSection::new(read) {
        Ok(filter) => filter,
        Err(error) => {
            warnings.add(format!("it cannot be read: {error}"), 0);
            return None;
        }
    };
    loop {
        match filter.read_unit() {
            Ok(Some(unit)) => {
                let offset = unit.read_unit.header.offset().0;
                if let Err(error) = require(unit, lookup) {
                    warnings.add(format!("a unit is damaged: {error}"), offset);
                }
            }
            Ok(None) => return Some(filter),
            Err(error) => {
                warnings.add(format!("the units from here on cannot be read: {error}"), 0);
                return Some(filter);
            }
        }
    }
}

fn require<'d>(
    mut unit: FilterUnit<'_, Reader<'d>>,
    lookup: &Lookup<'_>,
) -> gimli::write::ConvertResult<()> {
    let mut entry = unit.null_entry();
    while unit.read_entry(&mut entry)? {
        let live = match entry.read_entry.tag() {
            dw::DW_TAG_subprogram => {
                let mut ranges = unit.read_unit.die_ranges(&entry.read_entry)?;
                let mut live = false;
                while let Some(range) = ranges.next()? {
                    live |= WasmPc::from_dwarf(range.begin)
                        .is_some_and(|pc| lookup.function_at(pc).is_some());
                }
                live
            }
            // A variable outside functions, or a static one inside: gimli requires the locals of live functions itself.
            dw::DW_TAG_variable => is_static(unit.read_unit, &entry.read_entry),
            dw::DW_TAG_imported_module | dw::DW_TAG_imported_declaration => {
                entry.parent_tag.is_none()
            }
            _ => false,
        };
        if live {
            unit.require_entry(entry.read_entry.offset());
        }
    }
    Ok(())
}

/// Whether a variable is at an address of the guest's data that was not dropped, or constant.
fn is_static<'d>(
    unit: ReadUnit<'_, 'd>,
    entry: &gimli::read::DebuggingInformationEntry<Reader<'d>>,
) -> bool {
    if entry.attr_value(dw::DW_AT_const_value).is_some() {
        return true;
    }
    let Some(AttributeValue::Exprloc(expression)) = entry.attr_value(dw::DW_AT_location) else {
        return false;
    };
    let Ok(ops) = decode(expression, unit) else {
        return false;
    };
    let live = |address: u64| u32::try_from(address).is_ok_and(|address| address < u32::MAX - 1);
    match ops.first() {
        Some(Op::Address(address)) => live(*address),
        _ => false,
    }
}
