//! Times at which tasks go on: what the reactor waits for besides descriptors.

use hyper::rt::{Sleep, Timer};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Tasks that wait for a time, in order. hyper wants what may be sent to other threads.
#[derive(Default)]
pub struct Deadlines {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// The number tells those of one time apart.
    wakers: BTreeMap<(Instant, u64), Waker>,
    next: u64,
}

impl Deadlines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Contents are valid after each step.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time until the first of them is due; `None` where nobody waits.
    pub fn next(&self) -> Option<Duration> {
        let waiting = self.waiting();
        let ((at, _), _) = waiting.wakers.first_key_value()?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// Wakes those that are due at a time.
    pub fn wake(&self, now: Instant) {
        let mut waiting = self.waiting();
        let later = waiting.wakers.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut waiting.wakers, later);
        drop(waiting);
        due.into_values().for_each(Waker::wake);
    }
}

/// The clock of hyper's tasks.
pub struct Clock(pub Arc<Deadlines>);

impl Timer for Clock {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Until {
            deadlines: self.0.clone(),
            at,
            number: None,
        })
    }
}

/// The wait for a time.
struct Until {
    deadlines: Arc<Deadlines>,
    at: Instant,
    /// Its number among those that wait, from when it was asked first.
    number: Option<u64>,
}

impl Future for Until {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let deadlines = self.deadlines.clone();
        let mut waiting = deadlines.waiting();
        let number = self.number.unwrap_or(waiting.next);
        if self.number.replace(number).is_none() {
            waiting.next += 1;
        }
        let key = (self.at, number);
        waiting.wakers.insert(key, cx.waker().clone());
        Poll::Pending
    }
}

impl Sleep for Until {}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.deadlines.waiting().wakers.remove(&(self.at, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Deadlines};
    use hyper::rt::Timer;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};
    use std::time::{Duration, Instant};

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn those_that_are_due_are_woken_once_and_those_dropped_are_not() {
        let deadlines = Arc::new(Deadlines::default());
        let (clock, woken) = (Clock(deadlines.clone()), Arc::new(Woken::default()));
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let (begin, hour) = (Instant::now(), Duration::from_secs(3600));
        assert_eq!(deadlines.next(), None);
        let ats = [hour, hour, 2 * hour, 3 * hour];
        let mut all = ats.map(|after| clock.sleep_until(begin + after));
        for sleep in &mut all {
            // Asked again, it waits once.
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
        }
        assert!(deadlines.next().is_some_and(|left| left <= hour));
        let count = || woken.0.load(Ordering::Relaxed);
        deadlines.wake(begin);
        assert_eq!(count(), 0);
        deadlines.wake(begin + hour);
        assert_eq!(count(), 2);
        let [_, _, third, fourth] = all;
        drop(third);
        deadlines.wake(begin + 4 * hour);
        assert_eq!(count(), 3);
        drop(fourth);
        assert_eq!(deadlines.next(), None);
        assert!(clock.sleep_until(begin).as_mut().poll(&mut cx).is_ready());
    }
}
