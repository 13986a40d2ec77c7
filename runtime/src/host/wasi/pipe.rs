//! Standard streams in memory: what a guest writes for its embedder to look at, and what it reads.

use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An output that keeps what a guest writes. Clones are the same output: give one to
/// [`WasiCtxBuilder::stdout`](super::WasiCtxBuilder::stdout), and ask the other.
#[derive(Clone, Debug)]
pub struct MemoryOutputPipe {
    capacity: usize,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl MemoryOutputPipe {
    /// An output that holds so many bytes; of more, the guest is told that there is no space left.
    pub fn new(capacity: usize) -> MemoryOutputPipe {
        MemoryOutputPipe {
            capacity,
            bytes: Arc::default(),
        }
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes that were written until now.
    pub fn contents(&self) -> Vec<u8> {
        self.bytes().clone()
    }
}

impl Write for MemoryOutputPipe {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut bytes = self.bytes();
        let room = self.capacity - bytes.len();
        if room == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = buffer.len().min(room);
        bytes.extend(&buffer[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An input of bytes that are there. Clones read them in common.
#[derive(Clone, Debug)]
pub struct MemoryInputPipe(Arc<Mutex<Cursor<Vec<u8>>>>);

impl MemoryInputPipe {
    /// An input of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> MemoryInputPipe {
        MemoryInputPipe(Arc::new(Mutex::new(Cursor::new(bytes.into()))))
    }
}

impl Read for MemoryInputPipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.read(buffer)
    }
}
