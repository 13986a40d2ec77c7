//! Memory for the debugger's own use, which all processes have at one address with the same contents, whatever moment is shown: lldb keeps
//! there what its expressions need.

use crate::error::Result;
use crate::tracee::Tracee;
use std::ops::Range;

const SIZE: u64 = 4 << 20;
const ALIGNMENT: u64 = 64;

/// The memory, and a copy of what has been written there.
pub struct Scratch {
    base: u64,
    used: u64,
    written: Vec<u8>,
}

impl Scratch {
    /// Maps it in the process that all others are forks of.
    pub fn new(first: &mut Tracee) -> Result<Scratch> {
        Ok(Scratch {
            base: first.map(SIZE)?,
            used: 0,
            written: Vec::new(),
        })
    }

    /// Gives a piece of it.
    pub fn allocate(&mut self, size: u64) -> Option<u64> {
        let size = size.max(1).checked_next_multiple_of(ALIGNMENT)?;
        let end = self.used.checked_add(size).filter(|end| *end <= SIZE)?;
        let at = self.base + self.used;
        self.used = end;
        Some(at)
    }

    /// Notes what is written there; false if it is written elsewhere.
    pub fn note(&mut self, address: u64, bytes: &[u8]) -> bool {
        let all: Range<u64> = self.base..self.base + SIZE;
        let end = address.checked_add(bytes.len() as u64);
        let Some(end) = end.filter(|end| all.contains(&address) && *end <= all.end) else {
            return false;
        };
        let (from, to) = ((address - self.base) as usize, (end - self.base) as usize);
        if self.written.len() < to {
            self.written.resize(to, 0);
        }
        self.written[from..to].copy_from_slice(bytes);
        true
    }

    /// Writes the contents into a process that is to be shown.
    pub fn fill(&self, tracee: &Tracee) -> Result<()> {
        match self.written.is_empty() {
            true => Ok(()),
            false => tracee.write(self.base, &self.written),
        }
    }
}
