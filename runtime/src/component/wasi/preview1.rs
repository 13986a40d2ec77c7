//! Calls of preview 1, which work on a memory: one of the call's own, with operands at its beginning and bytes behind them.

use super::call::Call;
use crate::error::{Error, Result};
use crate::host::wasi::{Errno, FUNCTIONS, GuestMemory, Outcome};

/// Results that a function of preview 1 stores are at most so long, but for bytes.
pub(super) const RESULTS: usize = 64;

/// A memory of a call's own.
pub(super) struct Memory(pub Vec<u8>);

impl Memory {
    /// One with room for results, and bytes behind them.
    pub fn with(bytes: &[&[u8]]) -> Memory {
        let mut memory = vec![0; RESULTS];
        bytes
            .iter()
            .for_each(|bytes| memory.extend_from_slice(bytes));
        Memory(memory)
    }

    /// One with room for results, and for so many bytes behind them.
    pub fn room(len: usize) -> Memory {
        Memory(vec![0; RESULTS + len])
    }

    pub fn u64(&self, at: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.0[at..at + 8]);
        u64::from_le_bytes(word)
    }

    pub fn u32(&self, at: usize) -> u32 {
        self.u64(at) as u32
    }

    pub fn set_u32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// The buffer behind the results as the one of an array of buffers, at the beginning.
    pub fn set_buffer(&mut self) {
        let len = self.0.len() - RESULTS;
        self.set_u32(0, RESULTS as u32);
        self.set_u32(4, len as u32);
    }
}

impl Call<'_> {
    /// Calls a function of preview 1.
    pub fn preview1(&mut self, name: &str, args: &[u64], memory: &mut Memory) -> Result<(), Errno> {
        let function = FUNCTIONS.iter().find(|it| it.name == name);
        let function = function.unwrap_or_else(|| unreachable!("preview 1 has {name}"));
        match (function.call)(self.ctx, &mut GuestMemory::new(&mut memory.0), args) {
            Outcome::Errno(Errno::Success) => Ok(()),
            Outcome::Errno(errno) => Err(errno),
            Outcome::Exit(_) => unreachable!("only proc_exit exits"),
        }
    }

    /// As [`Call::preview1`], of a function that fails only where the host does.
    pub fn infallible(&mut self, name: &str, args: &[u64], memory: &mut Memory) -> Result<()> {
        self.preview1(name, args, memory)
            .map_err(|errno| Error::host(format!("{name}: {errno:?}")))
    }
}
