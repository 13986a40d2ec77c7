//! The prevailing definition of a function: the one of several units' that the linker kept.
//!
//! Linkers keep one of several copies of a function that units have in common: inline functions, instances of templates. wasm-ld
//! relocates the debug info of all of them to the one that it kept, so that several units describe its code: those that were
//! compiled otherwise wrongly, and all of them in ranges that overlap, in which lldb 19 finds nothing. ELF linkers write an
//! address that is no code instead.

use crate::address::WasmPc;
use crate::code::CodeMap;
use crate::source::ReadUnit;
use gimli::DebugInfoOffset;
use std::collections::HashMap;

/// The units that functions are of: the first of those that say that a function is theirs, as linkers keep the first copy, and
/// write units in the order in which they found them.
#[derive(Default, Debug)]
pub(crate) struct Prevailing {
    /// By the function's number; `None` if no unit describes it.
    units: Vec<Option<DebugInfoOffset>>,
    /// By unit, the rows of the address map of functions in which it is the first that has a range.
    rows: HashMap<DebugInfoOffset, usize>,
}

/// Ranges of one unit that are looked at: far more than units have, which may share lists if they are not a compiler's.
const RANGES: usize = 1 << 20;

impl Prevailing {
    /// Those of some units, in their order.
    pub fn of<'u, 'd: 'u>(
        units: impl IntoIterator<Item = ReadUnit<'u, 'd>>,
        code: &CodeMap<'_>,
    ) -> Prevailing {
        let mut prevailing = Prevailing::default();
        let functions = &code.functions;
        prevailing.units.resize(functions.len(), None);
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
                if let Some(function) = whole(&range, code) {
                    prevailing.units[function].get_or_insert(offset);
                }
                for function in code.functions_in(&range) {
                    // Those after it were counted with it, so that what is shared is not looked at again and again.
                    if std::mem::replace(&mut is_counted[function], true) {
                        break;
                    }
                    *prevailing.rows.entry(offset).or_default() += functions[function].rows.len();
                }
            }
        }
        prevailing
    }

    /// Returns true if a unit's description of a function was discarded: another unit's prevails.
    pub fn is_discarded(&self, function: usize, unit: DebugInfoOffset) -> bool {
        let prevailing = self.units.get(function).copied().flatten();
        prevailing.is_some_and(|prevailing| prevailing != unit)
    }

    /// Returns the amount of code that a unit describes, in rows of the address map; all units together no more than there is.
    pub fn rows(&self, unit: DebugInfoOffset) -> usize {
        self.rows.get(&unit).copied().unwrap_or(0)
    }
}

/// The function that a range is. One that ends elsewhere may be of a copy of another size, or of all that a unit has.
fn whole(range: &gimli::Range, code: &CodeMap<'_>) -> Option<usize> {
    let function = code.function_at(WasmPc::from_dwarf(range.begin)?)?;
    let end = WasmPc::from_dwarf(range.end)?;
    (code.functions[function].wasm.end == end).then_some(function)
}
