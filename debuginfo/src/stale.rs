//! Debug info that does not belong to the code. Tools that change a module and leave its debug info as it was (wasm-opt, and others that
//! do not know DWARF) leave addresses in it that are those of the code before.

use crate::address::WasmPc;
use crate::ranges::ListRoom;
use crate::source::{ReadUnit, WasmDwarf};
use crate::units::Units;
use gimli::constants as dw;
use std::fmt;
use std::ops::Range;

/// Of how many functions one may be described where none begins: all compilers and linkers describe all of them where they do.
const TOLERATED: usize = 20;

/// The evidence that debug info is of other code.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stale {
    /// Functions that are described.
    pub functions: usize,
    /// Those that are described where none begins.
    pub misplaced: usize,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "debug info: not used, it is of other code: {} of its {} functions begin where the module has none (a tool that changed \
             the module left it as it was)",
            self.misplaced, self.functions
        )
    }
}

/// Returns true if a module's debug info is of other code: `bodies` are its functions', sorted.
pub fn stale(dwarf: &WasmDwarf<'_>, bodies: &[Range<WasmPc>]) -> Option<Stale> {
    if dwarf.is_empty() {
        return None;
    }
    let read = dwarf.read();
    let mut found = Stale::default();
    let mut headers = read.units();
    while let Ok(Some(header)) = headers.next() {
        if let Ok(unit) = read.unit(header) {
            // Damage is reported where it is read for a purpose.
            let _ = count(unit.unit_ref(&read), bodies, &mut found);
        }
    }
    (found.misplaced * TOLERATED > found.functions).then_some(found)
}

/// Returns true if the debug info is certainly of the code, without a look at each of its functions: those of a unit are the ranges that it
/// says it has, and units that say none are few.
pub(crate) fn is_of(units: &Units<'_>) -> bool {
    let bodies = &units.bodies[..];
    let fits = |unit: &usize| {
        let mut found = Stale::default();
        let counted = units.get(*unit).map(|unit| count(unit, bodies, &mut found));
        counted.is_some_and(|counted| counted.is_ok()) && found.misplaced == 0
    };
    units.roots.fit(bodies) && units.roots.silent.iter().all(fits)
}

fn count(unit: ReadUnit<'_, '_>, bodies: &[Range<WasmPc>], found: &mut Stale) -> gimli::Result<()> {
    let mut entries = unit.entries();
    let room = ListRoom::of(unit);
    while let Some(entry) = entries.next_dfs()? {
        if entry.tag() != dw::DW_TAG_subprogram {
            continue;
        }
        // A function in several ranges begins with one of them.
        let mut any = false;
        let mut begins = false;
        let mut ranges = unit.die_ranges(entry)?;
        for range in room.entries(|| ranges.next()) {
            if let Some(pc) = WasmPc::from_dwarf(range.begin) {
                any = true;
                begins |= bodies.binary_search_by_key(&pc, |body| body.start).is_ok();
            }
            if begins {
                break;
            }
        }
        found.functions += usize::from(any);
        found.misplaced += usize::from(any && !begins);
    }
    Ok(())
}
