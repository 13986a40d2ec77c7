//! Whose description of a function counts.
//!
//! Linkers keep one of several copies of a function that units have in common: inline functions, instances of templates. wasm-ld
//! relocates the debug info of all of them to the one that it kept, so that several units describe its code: those that were
//! compiled otherwise wrongly, and all of them in ranges that overlap, in which lldb 19 finds nothing. ELF linkers write an
//! address that is no code instead.

use crate::address::WasmPc;
use crate::lookup::Lookup;
use crate::source::ReadUnit;
use gimli::DebugInfoOffset;
use std::collections::HashMap;

/// The units that functions are of: the first of those that say that a function is theirs, as linkers keep the first copy, and
/// write units in the order in which they found them.
#[derive(Default, Debug)]
pub(crate) struct Owners {
    /// By the function's number; `None` where nobody says it.
    units: Vec<Option<DebugInfoOffset>>,
    /// By unit, the rows of the address map of functions in which it is the first that has a range.
    rows: HashMap<DebugInfoOffset, usize>,
}

/// Ranges of one unit that are looked at: far more than units have, which may share lists if they are not a compiler's.
const RANGES: usize = 1 << 20;

impl Owners {
    /// Those of some units, in their order.
    pub fn of<'u, 'd: 'u>(
        units: impl IntoIterator<Item = ReadUnit<'u, 'd>>,
        lookup: &Lookup<'_>,
    ) -> Owners {
        let mut owners = Owners::default();
        let functions = &lookup.code.functions;
        owners.units.resize(functions.len(), None);
        let mut is_counted = vec![false; functions.len()];
        for unit in units {
            let offset = DebugInfoOffset(unit.header.offset().0);
            let Ok(mut ranges) = unit.unit_ranges() else {
                continue;
            };
            for _ in 0..RANGES {
                let Ok(Some(range)) = ranges.next() else {
                    break;
                };
                if let Some(function) = whole(&range, lookup) {
                    owners.units[function].get_or_insert(offset);
                }
                for function in lookup.functions_in(&range) {
                    // Those behind it were counted with it, so that what is shared is not looked at again and again.
                    if std::mem::replace(&mut is_counted[function], true) {
                        break;
                    }
                    *owners.rows.entry(offset).or_default() += functions[function].rows.len();
                }
            }
        }
        owners
    }

    /// Returns true if a unit's description of a function is that of a copy which is not there: another unit's counts.
    pub fn is_copy(&self, function: usize, unit: DebugInfoOffset) -> bool {
        let owner = self.units.get(function).copied().flatten();
        owner.is_some_and(|owner| owner != unit)
    }

    /// Returns the amount of code that a unit describes, in rows of the address map; all units together no more than there is.
    pub fn rows(&self, unit: DebugInfoOffset) -> usize {
        self.rows.get(&unit).copied().unwrap_or(0)
    }
}

/// The function that a range is. One that ends elsewhere may be of a copy of another size, or of all that a unit has.
fn whole(range: &gimli::Range, lookup: &Lookup<'_>) -> Option<usize> {
    let function = lookup.function_at(WasmPc::from_dwarf(range.begin)?)?;
    let end = WasmPc::from_dwarf(range.end)?;
    (lookup.function(function).wasm.end == end).then_some(function)
}
