//! Addresses for an instance that a debugger may look at. They are chosen at random where systems put nothing by themselves, so that they
//! are free again in the next process, which the image of this one describes then.

use super::places::Places;
use crate::abi::layout::{ADDRESS_SPACE, SYSTEM_PAGE};
use crate::code::PlacedCode;
use dwalin_debuginfo::code::GlobalAddress;
use rustix::rand::{GetRandomFlags, getrandom};
use std::iter;
use std::ops::Range;

/// Below are Linux's programs that are not position independent, above its position independent ones, libraries and stacks: the kernel
/// gives addresses from the top of 47 bits down, and those of programs from two thirds of them up (x86, ELF_ET_DYN_BASE).
const REGION: Range<u64> = 0x1000_0000_0000..0x5000_0000_0000;
/// Memories begin at its multiples.
const ALIGNMENT: u64 = ADDRESS_SPACE;
/// Between the code and the first memory, and from each memory to the next: a reservation and a guard of 4 GiB each are the most of 32-bit
/// addresses. After a memory of 64-bit ones, which takes more, others find their addresses taken.
const STRIDE: u64 = 4 * ADDRESS_SPACE;
/// The most memories that have a place.
const MEMORIES: u64 = 64;

/// The addresses that an instance's parts are to have. A part is elsewhere if its address is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placement {
    base: u64,
}

impl Placement {
    /// A random placement; `None` if the system has no random numbers.
    pub fn random() -> Option<Placement> {
        let mut number = [0; 8];
        let read = getrandom(&mut number, GetRandomFlags::empty()).ok()?;
        let last = (REGION.end - MEMORIES * STRIDE - REGION.start) / ALIGNMENT;
        let at = u64::from_le_bytes(number) % last;
        (read == number.len()).then_some(Placement {
            base: REGION.start + at * ALIGNMENT,
        })
    }

    /// The placement with a base, if it is one that [`Placement::random`] chooses.
    pub fn from_base(base: u64) -> Option<Placement> {
        let is_one = base.is_multiple_of(ALIGNMENT)
            && (REGION.start..REGION.end - MEMORIES * STRIDE).contains(&base);
        is_one.then_some(Placement { base })
    }

    /// The first address.
    pub fn base(self) -> u64 {
        self.base
    }

    /// The address of the code.
    pub fn code(self) -> usize {
        self.base as usize
    }

    /// The address after a mapping of so many bytes of code, and an unmapped page.
    pub fn after_code(self, len: usize) -> usize {
        let page = SYSTEM_PAGE as usize;
        self.base as usize + len.next_multiple_of(page) + page
    }

    /// The address of the code by which lldb follows pointers: after all code, whose size has 31 bits, and before the first memory.
    pub fn pointers(self) -> usize {
        (self.base + STRIDE / 2) as usize
    }

    /// Returns true if code, memories and globals are in its range.
    pub fn holds(self, code: &PlacedCode, places: &Places) -> bool {
        let globals = places.globals.iter().filter_map(|it| match it.address {
            GlobalAddress::Fixed(address) => Some(address),
            GlobalAddress::OfContext { .. } => None,
        });
        let pointers = places.pointer_code.iter().map(|it| it.get);
        let addresses = places.memories.iter().map(|it| it.base).chain(globals);
        let addresses = addresses.chain(pointers);
        let range = self.base..self.base + MEMORIES * STRIDE;
        iter::once(code.text().start)
            .chain(addresses)
            .all(|address| range.contains(&address.0))
    }

    /// The address of a memory, by its index.
    pub fn memory(self, index: usize) -> Option<usize> {
        let index = index as u64 + 1;
        (index < MEMORIES).then(|| (self.base + index * STRIDE) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::words::Words;

    #[test]
    fn placements_have_numbers() {
        for _ in 0..100 {
            let placement = Placement::random().unwrap();
            assert_eq!(Placement::from_base(placement.base()), Some(placement));
            let last = placement.memory(MEMORIES as usize - 2).unwrap() as u64;
            assert!(last + STRIDE <= REGION.end);
            assert_eq!(placement.memory(MEMORIES as usize - 1), None);
        }
        for base in [0, REGION.start + 1, REGION.end, REGION.end - ALIGNMENT] {
            assert_eq!(Placement::from_base(base), None, "{base:#x}");
        }
    }

    #[test]
    fn nothing_is_replaced() {
        let placement = Placement::random().unwrap();
        let words = Words::at(placement.after_code(1), 2).unwrap();
        assert_eq!(words.as_ptr() as usize, placement.after_code(1));
        assert!(Words::at(placement.after_code(1), 1).is_err());
    }
}
