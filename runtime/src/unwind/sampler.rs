//! Samples of the guests that a thread runs. A timer of the thread's CPU time sends SIGPROF; the handler walks the frames into room that is
//! there beforehand, as it cannot allocate.
//!
//! ```text
//! for each sample: CPU time in ns · number of words · words, innermost frame first
//! word: an address in the instruction that a frame is at · HOST · DEEPER
//! ```
//! The room takes memory only as far as samples fill it.

use super::activation::Activation;
use super::interrupted::{DEEPER, Reader, Words, install_handler, read_by, walk};
use super::signal::prepare_thread;
use libc::SIGPROF;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::cell::Cell;
use std::io;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::Duration;

/// Frames of a sample, the innermost.
const DEPTH: usize = 1024;
/// Words of all samples.
const ROOM: usize = 32 << 20;

thread_local! {
    // Without a destructor and with a constant first value: the signal handler reads it.
    static ROOM_OF_THREAD: Cell<*const Room> = const { Cell::new(ptr::null()) };
}

/// The room for samples.
struct Room {
    words: NonNull<u64>,
    used: Cell<usize>,
    /// Samples for which there was no room.
    lost: Cell<u64>,
    /// The CPU time at which samples began.
    start: u64,
}

impl Room {
    fn new() -> io::Result<Room> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at an address of the system's choice touches no memory that exists.
        let words = unsafe {
            let (read, len) = (ProtFlags::READ | ProtFlags::WRITE, ROOM * size_of::<u64>());
            mmap_anonymous(ptr::null_mut(), len, read, flags)?
        };
        Ok(Room {
            words: NonNull::new(words.cast()).expect("a mapping is not at address 0"),
            used: Cell::new(0),
            lost: Cell::new(0),
            start: cpu_time(),
        })
    }

    fn words(&self) -> &[u64] {
        // SAFETY: the mapping lives as long as `self`, and so many words of it were written.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr(), self.used.get()) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: nothing refers to the mapping: what borrows words borrows `self`, and the handler no longer knows it.
        let unmapped = unsafe { munmap(self.words.as_ptr().cast(), ROOM * size_of::<u64>()) };
        debug_assert!(unmapped.is_ok());
    }
}

/// A sample while it is written: it is one when it is kept.
struct Sample<'r> {
    room: &'r Room,
    start: usize,
    len: usize,
}

impl<'r> Sample<'r> {
    fn new(room: &'r Room) -> Option<Sample<'r>> {
        let start = room.used.get();
        let fits = start + 2 + DEPTH < ROOM;
        fits.then_some(Sample {
            room,
            start,
            len: 0,
        })
    }

    fn set(&self, at: usize, word: u64) {
        // SAFETY: `new` made sure of room for that many words, and this thread alone writes there.
        unsafe { self.room.words.add(self.start + at).write(word) };
    }

    fn keep(self) {
        self.set(0, cpu_time() - self.room.start);
        self.set(1, self.len as u64);
        self.room.used.set(self.start + 2 + self.len);
    }
}

impl Words for Sample<'_> {
    fn push(&mut self, word: u64) -> bool {
        let is_last = self.len + 1 == DEPTH;
        self.set(2 + self.len, if is_last { DEEPER } else { word });
        self.len += 1;
        !is_last
    }
}

/// The thread's CPU time, in nanoseconds.
fn cpu_time() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The sampling of the thread that began it.
pub struct Sampler {
    timer: libc::timer_t,
    room: Box<Room>,
    // The timer and the room are the thread's.
    _not_send: PhantomData<*const ()>,
}

impl Sampler {
    /// Begins to sample, after each such interval of CPU time; the system's timers may be slower.
    ///
    /// # Errors
    /// The system's; and where the thread is sampled already.
    pub fn new(interval: Duration) -> io::Result<Sampler> {
        if !ROOM_OF_THREAD.get().is_null() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        prepare_thread();
        install_handler();
        read_by(Reader::Sampler, Some(take));
        let room = Box::new(Room::new()?);
        let timer = new_timer()?;
        ROOM_OF_THREAD.set(&raw const *room);
        // Dropped where the timer cannot be set.
        let sampler = Sampler {
            timer,
            room,
            _not_send: PhantomData,
        };
        let interval = libc::timespec {
            tv_sec: interval.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(interval.subsec_nanos().max(1)),
        };
        let setting = libc::itimerspec {
            it_interval: interval,
            it_value: interval,
        };
        // SAFETY: the timer is ours, and the setting there for the call.
        match unsafe { libc::timer_settime(timer, 0, &raw const setting, ptr::null_mut()) } {
            0 => Ok(sampler),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The samples: the CPU time since the beginning and the words of each.
    pub fn samples(&self) -> impl Iterator<Item = (Duration, &[u64])> {
        let mut words = self.room.words();
        std::iter::from_fn(move || {
            let ([time, len], rest) = words.split_first_chunk()?;
            let (sample, rest) = rest.split_at_checked(*len as usize)?;
            words = rest;
            Some((Duration::from_nanos(*time), sample))
        })
    }

    /// The number of samples for which there was no room.
    pub fn lost(&self) -> u64 {
        self.room.lost.get()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        // SAFETY: the timer is ours. A signal that is still to come finds no room.
        unsafe { libc::timer_delete(self.timer) };
        ROOM_OF_THREAD.set(ptr::null());
        read_by(Reader::Sampler, None);
    }
}

/// A timer of this thread's CPU time that signals this thread (timer_create(2)).
fn new_timer() -> io::Result<libc::timer_t> {
    let mut timer = ptr::null_mut();
    // SAFETY: all-zero is a valid sigevent; both are there for the call.
    let made = unsafe {
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = SIGPROF;
        event.sigev_notify_thread_id = rustix::thread::gettid().as_raw_nonzero().get();
        libc::timer_create(libc::CLOCK_THREAD_CPUTIME_ID, &mut event, &mut timer)
    };
    match made {
        0 => Ok(timer),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes a sample of this thread.
fn take(at: [u64; 3], activation: Option<&Activation>) {
    // SAFETY: the room is there while the thread knows it.
    let room = unsafe { ROOM_OF_THREAD.get().as_ref() };
    let (Some(room), Some(activation)) = (room, activation) else {
        return;
    };
    let Some(mut sample) = Sample::new(room) else {
        room.lost.set(room.lost.get() + 1);
        return;
    };
    if walk(at, activation, &mut sample).is_some() {
        sample.keep();
    }
}
