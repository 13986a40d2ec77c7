//! The guest's memory, read and written with every pointer checked. What lies beyond its end is [`Errno::Fault`].

use super::errno::Errno;

/// The bytes of the memory that the calling module exports.
pub struct GuestMemory<'a>(&'a mut [u8]);

/// A pointer to bytes of the guest, and how many: witx's `(iovec)`, a string, or an array.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// Guest address.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

impl<'a> GuestMemory<'a> {
    /// All of a memory.
    pub fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory(bytes)
    }

    /// Bytes to read.
    pub fn bytes(&self, slice: Slice) -> Result<&[u8], Errno> {
        let start = slice.start as usize;
        self.0
            .get(start..start + slice.len as usize)
            .ok_or(Errno::Fault)
    }

    /// Bytes to write.
    pub fn bytes_mut(&mut self, slice: Slice) -> Result<&mut [u8], Errno> {
        let start = slice.start as usize;
        self.0
            .get_mut(start..start + slice.len as usize)
            .ok_or(Errno::Fault)
    }

    /// All bytes.
    pub fn all_mut(&mut self) -> &mut [u8] {
        self.0
    }

    fn array<const N: usize>(&self, at: u32) -> Result<[u8; N], Errno> {
        let bytes = self.bytes(Slice {
            start: at,
            len: N as u32,
        })?;
        Ok(bytes.try_into().expect("as many bytes as were asked for"))
    }

    /// A byte.
    pub fn u8(&self, at: u32) -> Result<u8, Errno> {
        self.array(at).map(u8::from_le_bytes)
    }

    /// Two bytes.
    pub fn u16(&self, at: u32) -> Result<u16, Errno> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub fn u32(&self, at: u32) -> Result<u32, Errno> {
        self.array(at).map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub fn u64(&self, at: u32) -> Result<u64, Errno> {
        self.array(at).map(u64::from_le_bytes)
    }

    /// Writes bytes.
    pub fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::Overflow)?;
        self.bytes_mut(Slice { start: at, len })?
            .copy_from_slice(bytes);
        Ok(())
    }

    /// Writes four bytes.
    pub fn write_u32(&mut self, at: u32, value: u32) -> Result<(), Errno> {
        self.write(at, &value.to_le_bytes())
    }

    /// Writes eight bytes.
    pub fn write_u64(&mut self, at: u32, value: u64) -> Result<(), Errno> {
        self.write(at, &value.to_le_bytes())
    }

    /// A string, as paths are given.
    pub fn string(&self, slice: Slice) -> Result<&str, Errno> {
        std::str::from_utf8(self.bytes(slice)?).map_err(|_| Errno::Ilseq)
    }

    /// The buffers that an array of `iovec` or `ciovec` names: pointer and length each. All of them are checked, and no more
    /// of them are kept than the memory holds.
    pub fn iovecs(&self, start: u32, count: u32) -> Result<Vec<Slice>, Errno> {
        let len = count.checked_mul(8).ok_or(Errno::Fault)?;
        let array = self.bytes(Slice { start, len })?;
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("4 of the 8"));
        let slices: Vec<_> = array
            .chunks_exact(8)
            .map(|bytes| Slice {
                start: word(&bytes[..4]),
                len: word(&bytes[4..]),
            })
            .collect();
        for slice in &slices {
            self.bytes(*slice)?;
        }
        Ok(slices)
    }
}
