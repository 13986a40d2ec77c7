//! Operands that locations name, from where a location begins to its end.
//!
//! A location means the value that is there where it begins: LLVM names values, and of several variables that are one operand it says of
//! one only that it is gone. When another value takes the place of the first in one instruction, it is the next value of a variable that
//! is alone there: of two locations that are equal and adjoin, LLVM makes one. Otherwise nobody knows which variable was set.

use crate::module::Pc;
use std::collections::HashMap;

/// A place in the operand stack that a location names.
pub struct Named {
    /// The first instruction at which it is named.
    pub from: Pc,
    /// The end of that, exclusive.
    pub until: Pc,
    /// The index from the bottom.
    pub place: u32,
    /// True if it is that of a scope's whole location: LLVM gives one where a variable gets its value at the scope's beginning, as the
    /// last operand, and where it had it before, at nobody knows which place.
    pub is_last: bool,
}

/// A named operand, as far as it is known.
struct Kept {
    value: u64,
    until: Pc,
    locations: usize,
    is_off: bool,
    is_certain: bool,
}

/// The named operands of a call.
#[derive(Default)]
pub struct KeptOperands(HashMap<(Pc, u32), Kept>);

impl KeptOperands {
    /// Notes the operand stack as it is before an instruction, where `begins` begin to be named.
    pub fn note(&mut self, pc: Pc, stack: &[u64], begins: &[Named]) {
        let mut locations: HashMap<u32, usize> = HashMap::new();
        for ((_, place), kept) in self.0.iter().filter(|(_, kept)| kept.until >= pc) {
            *locations.entry(*place).or_default() += kept.locations;
        }
        for ((_, place), kept) in &mut self.0 {
            match stack.get(*place as usize) {
                None => kept.is_off = true,
                Some(value) if *value == kept.value => {}
                Some(value) => {
                    kept.is_certain &= !kept.is_off && locations.get(place) == Some(&1);
                    kept.value = *value;
                }
            }
        }
        // A location begins anew each time that control comes to its beginning.
        self.0.retain(|(from, _), _| *from != pc);
        for named in begins {
            let Some(value) = stack.get(named.place as usize) else {
                continue;
            };
            if named.is_last && stack.len() != named.place as usize + 1 {
                continue;
            }
            let kept = self.0.entry((pc, named.place)).or_insert(Kept {
                value: *value,
                until: named.until,
                locations: 0,
                is_off: false,
                is_certain: true,
            });
            kept.locations += 1;
            kept.until = kept.until.max(named.until);
        }
    }

    /// Returns the value that a location which began at `from` means by a place: `None` where it did not begin on the way, and the inner
    /// `None` where nobody knows.
    pub fn get(&self, from: Pc, place: u32) -> Option<Option<u64>> {
        let kept = self.0.get(&(from, place))?;
        Some(kept.is_certain.then_some(kept.value))
    }
}
