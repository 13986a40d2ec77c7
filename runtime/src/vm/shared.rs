//! A memory that instances of several stores use at once.

use super::memory::LinearMemory;
use super::parking::WaitResult;
use crate::error::{OutOfBounds, Result};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// A memory that threads share: of no store, and alive as long as a store or a handle has it. Its other methods are in `host/`.
#[derive(Clone)]
pub struct SharedMemory(pub(crate) Arc<LinearMemory>);

/// The value that a thread expects where it waits.
pub(crate) enum Expected {
    /// Of 4 bytes.
    Word(u32),
    /// Of 8 bytes.
    DoubleWord(u64),
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedMemory").field(&self.0.ty()).finish()
    }
}

impl SharedMemory {
    /// The address of a value in the memory, which is aligned.
    fn value<V>(&self, address: u64) -> Result<*const V> {
        let len = size_of::<V>() as u64;
        let end = address.checked_add(len);
        let is_inside = end.is_some_and(|end| end <= self.0.len());
        match is_inside && address.is_multiple_of(len) {
            true => Ok(self.0.base().wrapping_add(address as usize).cast()),
            false => Err(OutOfBounds::of(
                "bytes of a memory, aligned",
                address,
                len,
                self.0.len(),
            )),
        }
    }

    /// Waits as `memory.atomic.wait32` does: until somebody notifies at an address, unless its value is another than the expected one;
    /// without a timeout for as long as nobody does.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`](crate::Error::OutOfBounds), also where the address is not a multiple of 4.
    pub fn atomic_wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitResult> {
        self.wait(address, Expected::Word(expected), timeout, None)
    }

    /// As [`SharedMemory::atomic_wait32`], for a value of 8 bytes.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`](crate::Error::OutOfBounds), also where the address is not a multiple of 8.
    pub fn atomic_wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitResult> {
        self.wait(address, Expected::DoubleWord(expected), timeout, None)
    }

    /// Waits, until `is_over` says that the time is over too.
    pub(crate) fn wait(
        &self,
        address: u64,
        expected: Expected,
        timeout: Option<Duration>,
        is_over: Option<&dyn Fn() -> bool>,
    ) -> Result<WaitResult> {
        let parking = &self.0.parking;
        match expected {
            Expected::Word(expected) => {
                let value: *const AtomicU32 = self.value(address)?;
                // SAFETY: it is within the memory, which does not shrink, and aligned; all accesses of the host are atomic.
                let is_expected = || unsafe { (*value).load(Ordering::SeqCst) } == expected;
                Ok(parking.wait(address, is_expected, timeout, is_over))
            }
            Expected::DoubleWord(expected) => {
                let value: *const AtomicU64 = self.value(address)?;
                // SAFETY: as above.
                let is_expected = || unsafe { (*value).load(Ordering::SeqCst) } == expected;
                Ok(parking.wait(address, is_expected, timeout, is_over))
            }
        }
    }

    /// Notifies up to so many of the threads that wait at an address, as `memory.atomic.notify` does; how many they were.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`](crate::Error::OutOfBounds), also where the address is not a multiple of 4.
    pub fn atomic_notify(&self, address: u64, count: u32) -> Result<u32> {
        self.value::<AtomicU32>(address)?;
        Ok(self.0.parking.notify(address, count))
    }
}
