//! The guest's linear memory with every pointer checked: what is not wholly inside it is [`Errno::Fault`]. Values need no
//! alignment, since wasm's own loads and stores need none; they are copied byte by byte, little-endian.

use super::errno::Errno;
use std::ops::Range;

/// The linear memory of the instance that calls, for the time of the call.
pub struct GuestMemory<'a> {
    bytes: &'a mut [u8],
}

/// A place in guest memory: witx's `(@witx pointer)` with a length, a `string`, or one `iovec`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// The length in bytes.
    pub len: u32,
}

impl<'a> GuestMemory<'a> {
    /// All bytes of the memory; offset 0 is the first.
    pub fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory { bytes }
    }

    /// The bytes of what a guest points at. Of nothing, the pointer does not matter, as in POSIX.
    fn range(&self, start: u32, len: u64) -> Result<Range<usize>, Errno> {
        if len == 0 {
            return Ok(0..0);
        }
        let end = u64::from(start).checked_add(len).ok_or(Errno::Fault)?;
        if end > self.bytes.len() as u64 {
            return Err(Errno::Fault);
        }
        Ok(start as usize..end as usize)
    }

    /// Returns true if `len` bytes from `start` are inside; for results whose place must be good before anything is done.
    pub fn check(&self, start: u32, len: u64) -> Result<(), Errno> {
        self.range(start, len).map(|_| ())
    }

    /// The `len` bytes at `start`.
    pub fn bytes(&self, start: u32, len: u32) -> Result<&[u8], Errno> {
        Ok(&self.bytes[self.range(start, u64::from(len))?])
    }

    /// The `len` bytes at `start`, to fill.
    pub fn bytes_mut(&mut self, start: u32, len: u32) -> Result<&mut [u8], Errno> {
        let range = self.range(start, u64::from(len))?;
        Ok(&mut self.bytes[range])
    }

    /// `count` elements of `size` bytes each at `start`; the product may be larger than any memory.
    pub fn array(&self, start: u32, count: u32, size: u32) -> Result<&[u8], Errno> {
        Ok(&self.bytes[self.range(start, u64::from(count) * u64::from(size))?])
    }

    /// A `string`: bytes that must be UTF-8, else [`Errno::Ilseq`].
    pub fn string(&self, start: u32, len: u32) -> Result<&str, Errno> {
        std::str::from_utf8(self.bytes(start, len)?).map_err(|_| Errno::Ilseq)
    }

    /// The `N` bytes at `start`.
    pub fn read<const N: usize>(&self, start: u32) -> Result<[u8; N], Errno> {
        let mut value = [0; N];
        value.copy_from_slice(&self.bytes[self.range(start, N as u64)?]);
        Ok(value)
    }

    /// The `u32` at `start`.
    pub fn read_u32(&self, start: u32) -> Result<u32, Errno> {
        self.read(start).map(u32::from_le_bytes)
    }

    /// The `u64` at `start`.
    pub fn read_u64(&self, start: u32) -> Result<u64, Errno> {
        self.read(start).map(u64::from_le_bytes)
    }

    /// Copies `value` to `start`.
    pub fn write(&mut self, start: u32, value: &[u8]) -> Result<(), Errno> {
        let range = self.range(start, value.len() as u64)?;
        self.bytes[range].copy_from_slice(value);
        Ok(())
    }

    /// Stores a `u32` at `start`.
    pub fn write_u32(&mut self, start: u32, value: u32) -> Result<(), Errno> {
        self.write(start, &value.to_le_bytes())
    }

    /// Stores a `u64` at `start`.
    pub fn write_u64(&mut self, start: u32, value: u64) -> Result<(), Errno> {
        self.write(start, &value.to_le_bytes())
    }

    /// The spans as slices to fill, in the order given, or `None` if two of them share bytes: a guest may say so, Rust may
    /// not. The spans must be inside the memory.
    pub(crate) fn disjoint_mut(&mut self, spans: &[Span]) -> Option<Vec<&mut [u8]>> {
        let mut by_address: Vec<usize> = (0..spans.len()).collect();
        by_address.sort_unstable_by_key(|&index| spans[index].start);
        let mut slices: Vec<(usize, &mut [u8])> = Vec::with_capacity(spans.len());
        let mut rest = &mut *self.bytes;
        let mut rest_start = 0;
        for index in by_address {
            let Span { start, len } = spans[index];
            let gap = (start as usize).checked_sub(rest_start)?;
            let (slice, after) = rest
                .split_at_mut_checked(gap)?
                .1
                .split_at_mut_checked(len as usize)?;
            slices.push((index, slice));
            rest = after;
            rest_start = start as usize + len as usize;
        }
        slices.sort_unstable_by_key(|&(index, _)| index);
        Some(slices.into_iter().map(|(_, slice)| slice).collect())
    }
}
