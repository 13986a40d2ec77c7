//! Copies between the host and bytes that other threads may write meanwhile: atomic accesses, relaxed, of words where addresses are aligned. A
//! copy that races holds bytes of before and after, each of which was there. References to such bytes must not be made, and the compiler must
//! not read a byte twice.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

const WORD: usize = size_of::<u64>();

/// The bytes before the first aligned word of `len` bytes.
fn before_words(start: *const u8, len: usize) -> usize {
    start.align_offset(WORD).min(len)
}

/// Copies bytes out.
///
/// # Safety
/// As many bytes must be mapped from `from` on, of a memory that all threads access by such copies and by guests' code.
pub unsafe fn read(from: *const u8, to: &mut [u8]) {
    let (head, rest) = to.split_at_mut(before_words(from, to.len()));
    // SAFETY: the caller's promise, here and below; the words are aligned.
    let byte = |at: usize| unsafe { (*from.add(at).cast::<AtomicU8>()).load(Ordering::Relaxed) };
    for (at, to) in head.iter_mut().enumerate() {
        *to = byte(at);
    }
    let mut at = head.len();
    let (words, tail) = rest.as_chunks_mut::<WORD>();
    for to in words {
        // SAFETY: as above.
        let word = unsafe { (*from.add(at).cast::<AtomicU64>()).load(Ordering::Relaxed) };
        *to = word.to_ne_bytes();
        at += WORD;
    }
    for (i, to) in tail.iter_mut().enumerate() {
        *to = byte(at + i);
    }
}

/// Copies bytes in.
///
/// # Safety
/// As for [`read`], and the bytes must be writable.
pub unsafe fn write(to: *mut u8, from: &[u8]) {
    let (head, rest) = from.split_at(before_words(to, from.len()));
    // SAFETY: the caller's promise, here and below; the words are aligned.
    let set = |at: usize, byte: u8| unsafe {
        (*to.add(at).cast::<AtomicU8>()).store(byte, Ordering::Relaxed);
    };
    for (at, byte) in head.iter().enumerate() {
        set(at, *byte);
    }
    let mut at = head.len();
    let (words, tail) = rest.as_chunks::<WORD>();
    for word in words {
        let word = u64::from_ne_bytes(*word);
        // SAFETY: as above.
        unsafe { (*to.add(at).cast::<AtomicU64>()).store(word, Ordering::Relaxed) };
        at += WORD;
    }
    for (i, byte) in tail.iter().enumerate() {
        set(at + i, *byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_whole_at_every_alignment() {
        let source: Vec<u8> = (1..=60).collect();
        for start in 0..9 {
            for len in 0..40 {
                let mut copy = vec![0; len];
                // SAFETY: the ranges are within the vectors, which nobody else has.
                unsafe { read(source[start..].as_ptr(), &mut copy) };
                assert_eq!(copy, source[start..start + len]);
                let mut target = vec![0; 60];
                // SAFETY: as above.
                unsafe { write(target[start..].as_mut_ptr(), &copy) };
                assert_eq!(target[start..start + len], copy);
                let outside = target[..start].iter().chain(&target[start + len..]);
                assert!(outside.into_iter().all(|byte| *byte == 0));
            }
        }
    }
}
