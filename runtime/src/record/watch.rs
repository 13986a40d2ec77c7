//! A place in memory whose writes are counted, and one of which is waited for: code that watches tells of them, and so do the answers to
//! calls of imports.

/// A place in a program's first memory.
#[derive(Clone, Debug)]
pub struct Watch {
    address: u64,
    len: u64,
    /// The bits of its bytes that count, where others share them.
    mask: Option<Vec<u8>>,
    /// The number of the write, from 1, before which the program is to stop.
    stop_at: Option<u64>,
    writes: u64,
    last_change: Option<u64>,
    /// Its bytes before the latest write.
    before: Vec<u8>,
    is_stopped: bool,
}

/// The writes to a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Writes {
    /// Their number.
    pub count: u64,
    /// The number of the last one that left other bytes than were there, from 1.
    pub last_change: Option<u64>,
}

impl Watch {
    /// Counts the writes to so many bytes at an address.
    pub fn new(address: u64, len: u64) -> Watch {
        Watch {
            address,
            len,
            mask: None,
            stop_at: None,
            writes: 0,
            last_change: None,
            before: Vec::new(),
            is_stopped: false,
        }
    }

    /// Compares these bits alone, to say which writes change something.
    pub fn with_mask(self, mask: Option<Vec<u8>>) -> Watch {
        Watch { mask, ..self }
    }

    /// Has the program stop before a write, by its number from 1.
    pub fn stop_at(self, write: u64) -> Watch {
        Watch {
            stop_at: Some(write),
            ..self
        }
    }

    /// Its first byte.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Its bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns true if it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns true if the program has stopped for it.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Returns true if bytes at an address are among those that are watched.
    pub(crate) fn is_hit_by(&self, address: u64, len: u64) -> bool {
        let end = |address: u64, len: u64| u128::from(address) + u128::from(len);
        len > 0
            && u128::from(address) < end(self.address, self.len)
            && u128::from(self.address) < end(address, len)
    }

    /// A write is next, and these are the bytes before it; true if the program is to stop.
    pub(crate) fn is_written(&mut self, now: &[u8]) -> bool {
        self.compare(now);
        self.writes += 1;
        self.is_stopped = Some(self.writes) == self.stop_at;
        self.is_stopped
    }

    /// The writes so far, where these are the bytes now.
    pub(crate) fn writes(&mut self, now: &[u8]) -> Writes {
        self.compare(now);
        Writes {
            count: self.writes,
            last_change: self.last_change,
        }
    }

    /// Notes whether the latest write changed something.
    fn compare(&mut self, now: &[u8]) {
        let mask = |at: usize| self.mask.as_ref().map_or(0xff, |mask| mask[at]);
        let mut pairs = self.before.iter().zip(now).enumerate();
        if self.writes > 0 && pairs.any(|(at, (a, b))| (a ^ b) & mask(at) != 0) {
            self.last_change = Some(self.writes);
        }
        self.before = now.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_overlap_by_a_byte() {
        let watch = Watch::new(100, 4);
        for (address, len, is_hit) in [
            (96, 4, false),
            (96, 5, true),
            (103, 1, true),
            (104, 8, false),
            (0, u64::MAX, true),
            (102, 0, false),
        ] {
            assert_eq!(watch.is_hit_by(address, len), is_hit, "{address} {len}");
        }
    }

    #[test]
    fn the_last_change_is_the_one_before_bytes_that_stay() {
        let mut watch = Watch::new(0, 2).with_mask(Some(vec![0xf0, 0]));
        assert!(!watch.is_written(&[0, 0]));
        assert!(!watch.is_written(&[0x10, 0]));
        assert!(!watch.is_written(&[0x20, 0]));
        assert!(!watch.is_written(&[0x2f, 9]));
        let writes = watch.writes(&[0x2f, 10]);
        assert_eq!((writes.count, writes.last_change), (4, Some(2)));
        let mut watch = Watch::new(0, 1).stop_at(2);
        assert!(!watch.is_written(&[0]) && watch.is_written(&[0]) && watch.is_stopped());
    }
}
