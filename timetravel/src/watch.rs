//! Watched places, and the four debug registers that watch them (Intel SDM, volume 3, "Debug Registers").

use crate::error::Result;
use crate::tracee::Tracee;

/// The debug registers that there are.
pub const REGISTERS: usize = 4;
const STATUS: usize = 6;
const CONTROL: usize = 7;

/// The accesses that a place is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Writes that change the value.
    Write,
    /// Reads.
    Read,
    /// Both.
    Access,
}

/// A watched place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The first address, in the process.
    pub address: u64,
    /// Bytes.
    pub length: u64,
    /// The accesses.
    pub kind: Kind,
    /// The address as the debugger knows it.
    pub asked: u64,
}

impl Watch {
    /// The pieces that debug registers can watch: of 8, 4, 2 or 1 bytes, at multiples of their size.
    fn pieces(&self) -> Vec<(u64, u64)> {
        let mut pieces = Vec::new();
        let (mut at, end) = (self.address, self.address.saturating_add(self.length));
        while at < end {
            let fits = |size: &u64| at.is_multiple_of(*size) && at + size <= end;
            let size = [8, 4, 2].into_iter().find(fits).unwrap_or(1);
            pieces.push((at, size));
            at += size;
        }
        pieces
    }
}

/// Returns true if there are registers for all of them.
pub fn fits(watches: &[Watch]) -> bool {
    watches.iter().all(|it| it.length <= 32)
        && watches.iter().map(|it| it.pieces().len()).sum::<usize>() <= REGISTERS
}

/// Watches these places and no others.
pub fn set(tracee: &Tracee, watches: &[Watch]) -> Result<()> {
    tracee.set_debug_register(CONTROL, 0)?;
    let pieces = watches
        .iter()
        .flat_map(|it| it.pieces().into_iter().map(|piece| (piece, it.kind)));
    let mut control = 0;
    for (number, ((address, size), kind)) in pieces.take(REGISTERS).enumerate() {
        tracee.set_debug_register(number, address)?;
        let access: u64 = if kind == Kind::Write { 1 } else { 3 };
        let length: u64 = match size {
            8 => 2,
            size => size - 1,
        };
        control |= 1 << (2 * number) | (access | length << 2) << (16 + 4 * number);
    }
    if control != 0 {
        tracee.set_debug_register(STATUS, 0)?;
        tracee.set_debug_register(CONTROL, control)?;
    }
    Ok(())
}

/// The places that have been accessed since the last question, by their numbers.
pub fn hits(tracee: &Tracee, watches: &[Watch]) -> Result<Vec<usize>> {
    if watches.is_empty() {
        return Ok(Vec::new());
    }
    let status = tracee.debug_register(STATUS)? & 0xf;
    if status != 0 {
        tracee.set_debug_register(STATUS, 0)?;
    }
    let owners = watches
        .iter()
        .enumerate()
        .flat_map(|(owner, it)| it.pieces().into_iter().map(move |_| owner));
    let mut hits: Vec<_> = owners
        .take(REGISTERS)
        .enumerate()
        .filter(|(number, _)| status >> number & 1 == 1)
        .map(|(_, owner)| owner)
        .collect();
    hits.dedup();
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(address: u64, length: u64) -> Watch {
        Watch {
            address,
            length,
            kind: Kind::Write,
            asked: address,
        }
    }

    #[test]
    fn places_are_watched_in_aligned_pieces() {
        assert_eq!(watch(0x1000, 8).pieces(), [(0x1000, 8)]);
        assert_eq!(
            watch(0x1001, 8).pieces(),
            [(0x1001, 1), (0x1002, 2), (0x1004, 4), (0x1008, 1)]
        );
        assert!(fits(&[watch(0x1000, 16), watch(8, 8), watch(0, 1)]));
        assert!(!fits(&[watch(0x1001, 8), watch(8, 8)]));
        assert!(!fits(&[watch(u64::MAX - 1, u64::MAX)]));
    }
}
