//! Threads that wait at addresses of a shared memory, to be notified (the threads proposal, "Wait and Notify").

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The time between two questions whether a wait is to end.
const SLICE: Duration = Duration::from_millis(10);

/// The end of a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum WaitResult {
    /// Another thread notified.
    Ok = 0,
    /// The value was another than the expected one.
    Mismatch = 1,
    /// Nobody notified in time.
    TimedOut = 2,
}

struct Waiter {
    thread: Thread,
    is_notified: AtomicBool,
}

/// The waiting threads of a memory by address, those that came first in front.
#[derive(Default)]
pub struct Parking(Mutex<HashMap<u64, VecDeque<Arc<Waiter>>>>);

impl Parking {
    fn waiters(&self) -> MutexGuard<'_, HashMap<u64, VecDeque<Arc<Waiter>>>> {
        // Nothing that can panic happens under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at an address, if its value is the expected one: no notification is lost between the comparison and the wait. The time is over
    /// too when `is_over` says so, which is asked from time to time.
    pub fn wait(
        &self,
        address: u64,
        is_expected: impl FnOnce() -> bool,
        timeout: Option<Duration>,
        is_over: Option<&dyn Fn() -> bool>,
    ) -> WaitResult {
        // A time that the clock cannot tell does not come.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut waiters = self.waiters();
        if !is_expected() {
            return WaitResult::Mismatch;
        }
        let waiter = Arc::new(Waiter {
            thread: thread::current(),
            is_notified: AtomicBool::new(false),
        });
        waiters
            .entry(address)
            .or_default()
            .push_back(waiter.clone());
        drop(waiters);
        while !waiter.is_notified.load(Ordering::Acquire) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) || is_over.is_some_and(|is_over| is_over()) {
                return self.give_up(address, &waiter);
            }
            match (left, is_over) {
                (None, None) => thread::park(),
                (Some(left), None) => thread::park_timeout(left),
                (left, Some(_)) => thread::park_timeout(left.map_or(SLICE, |left| left.min(SLICE))),
            }
        }
        WaitResult::Ok
    }

    /// Ends a wait whose time is over, unless it was notified meanwhile.
    fn give_up(&self, address: u64, waiter: &Arc<Waiter>) -> WaitResult {
        let mut waiters = self.waiters();
        if waiter.is_notified.load(Ordering::Acquire) {
            return WaitResult::Ok;
        }
        if let Some(queue) = waiters.get_mut(&address) {
            queue.retain(|it| !Arc::ptr_eq(it, waiter));
            if queue.is_empty() {
                waiters.remove(&address);
            }
        }
        WaitResult::TimedOut
    }

    /// Notifies up to so many of the threads that wait at an address; how many they were.
    pub fn notify(&self, address: u64, count: u32) -> u32 {
        let mut waiters = self.waiters();
        let Some(queue) = waiters.get_mut(&address) else {
            return 0;
        };
        let woken = queue.len().min(count as usize);
        for waiter in queue.drain(..woken) {
            waiter.is_notified.store(true, Ordering::Release);
            waiter.thread.unpark();
        }
        if queue.is_empty() {
            waiters.remove(&address);
        }
        woken as u32
    }
}
