//! The guest's linear memory with every pointer checked: what is not wholly inside it is [`Errno::Fault`]. Values need no
//! alignment, since wasm's own loads and stores need none; they are copied byte by byte, little-endian.

use super::errno::Errno;
use crate::vm::memory::LinearMemory;
use std::borrow::Cow;
use std::ops::Range;

/// The linear memory of the instance that calls, for the time of the call.
pub struct GuestMemory<'a> {
    bytes: Bytes<'a>,
    /// The writes, if they are to be known: pairs of an address and a length.
    writes: Option<Vec<(u64, u64)>>,
}

enum Bytes<'a> {
    /// The calling thread's alone.
    Own(&'a mut [u8]),
    /// Written by others at any time: nothing but copies are made, and what was compared once may be different the next time.
    Shared(&'a LinearMemory),
}

/// Bytes that are copied at once between a memory that threads share and the system. A call that moves more is a short read or write.
const COPIED: u32 = 1 << 20;

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
        GuestMemory {
            bytes: Bytes::Own(bytes),
            writes: None,
        }
    }

    /// The same, and what is written is kept for [`GuestMemory::into_writes`].
    pub(crate) fn keeping_writes(mut self, keep: bool) -> GuestMemory<'a> {
        self.writes = keep.then(Vec::new);
        self
    }

    /// The writes: pairs of an address and a length.
    pub(crate) fn into_writes(self) -> Vec<(u64, u64)> {
        self.writes.unwrap_or_default()
    }

    /// Notes that bytes were written.
    fn note(&mut self, start: usize, len: usize) {
        if let Some(writes) = &mut self.writes {
            writes.push((start as u64, len as u64));
        }
    }

    /// Notes that the first `count` bytes of slices by [`GuestMemory::disjoint_mut`] were written.
    pub(crate) fn note_first(&mut self, spans: &[Span], mut count: usize) {
        for span in spans {
            let len = count.min(span.len as usize);
            self.note(span.start as usize, len);
            count -= len;
        }
    }

    /// A memory that threads share.
    pub(crate) fn shared(memory: &'a LinearMemory) -> GuestMemory<'a> {
        GuestMemory {
            bytes: Bytes::Shared(memory),
            writes: None,
        }
    }

    /// Its size, which a memory does not fall below.
    fn len(&self) -> u64 {
        match &self.bytes {
            Bytes::Own(bytes) => bytes.len() as u64,
            Bytes::Shared(memory) => memory.len(),
        }
    }

    /// The bytes of what a guest points at. Of nothing, the pointer does not matter, as in POSIX.
    fn range(&self, start: u32, len: u64) -> Result<Range<usize>, Errno> {
        if len == 0 {
            return Ok(0..0);
        }
        let end = u64::from(start).checked_add(len).ok_or(Errno::Fault)?;
        if end > self.len() {
            return Err(Errno::Fault);
        }
        Ok(start as usize..end as usize)
    }

    /// Returns true if `len` bytes from `start` are inside; for results whose place must be good before anything is done.
    pub fn check(&self, start: u32, len: u64) -> Result<(), Errno> {
        self.range(start, len).map(|_| ())
    }

    /// The bytes of a range that was checked.
    fn at(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        match &self.bytes {
            Bytes::Own(bytes) => Cow::Borrowed(&bytes[range]),
            Bytes::Shared(memory) => {
                let mut copy = vec![0; range.len()];
                let copied = memory.read(range.start, &mut copy);
                debug_assert!(copied.is_some(), "a memory does not shrink");
                Cow::Owned(copy)
            }
        }
    }

    /// The `len` bytes at `start`, as far as the system is given them at once.
    pub fn bytes(&self, start: u32, len: u32) -> Result<Cow<'_, [u8]>, Errno> {
        let range = self.range(start, u64::from(len))?;
        let end = range.start + range.len().min(self.at_once() as usize);
        Ok(self.at(range.start..end))
    }

    /// The most bytes that a call moves between the memory and the system.
    pub(crate) fn at_once(&self) -> u32 {
        match &self.bytes {
            Bytes::Own(_) => u32::MAX,
            Bytes::Shared(_) => COPIED,
        }
    }

    /// Lets `fill` write to the first of the `len` bytes at `start`, and say how many. Those behind are left alone.
    pub fn fill(
        &mut self,
        start: u32,
        len: u32,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let range = self.range(start, u64::from(len))?;
        match &mut self.bytes {
            Bytes::Own(bytes) => {
                let (start, len) = (range.start, range.len());
                let count = fill(&mut bytes[range])?;
                self.note(start, count.min(len));
                Ok(count)
            }
            Bytes::Shared(memory) => {
                let mut filled = Vec::new();
                let most = range.len().min(COPIED as usize);
                let enough = filled.try_reserve_exact(most);
                enough.map_err(|_| Errno::Nomem)?;
                filled.resize(most, 0);
                let count = fill(&mut filled)?.min(filled.len());
                memory
                    .write(range.start, &filled[..count])
                    .ok_or(Errno::Fault)?;
                Ok(count)
            }
        }
    }

    /// `count` elements of `size` bytes each at `start`; the product may be larger than any memory.
    pub fn array(&self, start: u32, count: u32, size: u32) -> Result<Cow<'_, [u8]>, Errno> {
        Ok(self.at(self.range(start, u64::from(count) * u64::from(size))?))
    }

    /// A `string`: bytes that must be UTF-8, else [`Errno::Ilseq`].
    pub fn string(&self, start: u32, len: u32) -> Result<Cow<'_, str>, Errno> {
        match self.at(self.range(start, u64::from(len))?) {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        }
        .ok_or(Errno::Ilseq)
    }

    /// The `N` bytes at `start`.
    pub fn read<const N: usize>(&self, start: u32) -> Result<[u8; N], Errno> {
        let mut value = [0; N];
        value.copy_from_slice(&self.at(self.range(start, N as u64)?));
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
        self.note(range.start, range.len());
        match &mut self.bytes {
            Bytes::Own(bytes) => bytes[range].copy_from_slice(value),
            Bytes::Shared(memory) => memory.write(range.start, value).ok_or(Errno::Fault)?,
        }
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
    /// not; nor are there slices of a memory that threads share. The spans must be inside the memory. Whoever fills them notes it with
    /// [`GuestMemory::note_first`].
    pub(crate) fn disjoint_mut(&mut self, spans: &[Span]) -> Option<Vec<&mut [u8]>> {
        let mut by_address: Vec<usize> = (0..spans.len()).collect();
        by_address.sort_unstable_by_key(|&index| spans[index].start);
        let mut slices: Vec<(usize, &mut [u8])> = Vec::with_capacity(spans.len());
        let Bytes::Own(bytes) = &mut self.bytes else {
            return None;
        };
        let mut rest = &mut **bytes;
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
