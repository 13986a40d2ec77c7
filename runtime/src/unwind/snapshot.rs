//! The frames of a program's threads at one moment, for one of them that reports how the program ended. A thread reads its own at a signal
//! and goes on: one that stopped might hold what the report needs, as the allocator.

use super::activation::Activation;
use super::interrupted::{DEEPER, Reader, Words, install_handler, read_by, walk};
use libc::SIGPROF;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Frames of a thread, the innermost.
const DEPTH: usize = 256;
/// The longest wait for all threads: one that is not scheduled is left out.
const PATIENCE: Duration = Duration::from_millis(500);

/// A program of several threads; no other of the process has an equal one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProgramId(u64);

impl ProgramId {
    /// A program that has no thread yet.
    pub fn new() -> ProgramId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ProgramId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A thread's room for its frames.
struct Place {
    /// The system's number of the thread.
    thread: libc::pid_t,
    program: ProgramId,
    /// The program's number of it.
    number: u32,
    state: AtomicU32,
    /// Written by the thread between [`WANTED`] and [`READ`] only, read by others after that.
    words: UnsafeCell<Read>,
}

struct Read {
    words: [u64; DEPTH],
    len: usize,
}

/// Nobody asks.
const IDLE: u32 = 0;
/// The thread is to read its frames.
const WANTED: u32 = 1;
/// It has.
const READ: u32 = 2;

// SAFETY: `state` says who may use the words.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

/// The threads that can be asked.
static PLACES: Mutex<Vec<Arc<Place>>> = Mutex::new(Vec::new());

thread_local! {
    // Without a destructor and with a constant first value: the signal handler reads it.
    static PLACE: Cell<*const Place> = const { Cell::new(ptr::null()) };
    static REGISTERED: RefCell<Option<Registered>> = const { RefCell::new(None) };
}

/// A thread that can be asked, until it ends.
struct Registered(Arc<Place>);

impl Drop for Registered {
    fn drop(&mut self) {
        PLACE.set(ptr::null());
        let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|place| !Arc::ptr_eq(place, &self.0));
    }
}

/// Lets other threads of a program ask this one for its frames, until it ends. It has a number in its program; one that it has already stays.
pub fn register(program: ProgramId, number: u32) {
    // SAFETY: the place is there while the thread knows it.
    if unsafe { PLACE.get().as_ref() }.is_some_and(|place| place.program == program) {
        return;
    }
    let place = Arc::new(Place {
        thread: rustix::thread::gettid().as_raw_nonzero().get(),
        program,
        number,
        state: AtomicU32::new(IDLE),
        words: UnsafeCell::new(Read {
            words: [0; DEPTH],
            len: 0,
        }),
    });
    // A thread that ends already is not asked.
    let registered = REGISTERED.try_with(|registered| {
        PLACE.set(Arc::as_ptr(&place));
        let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        places.push(place.clone());
        drop(places);
        registered.replace(Some(Registered(place)))
    });
    drop(registered);
    read_by(Reader::Thread, Some(read));
}

/// The words of a walk, in a thread's room.
struct Walk<'a>(&'a mut Read);

impl Words for Walk<'_> {
    fn push(&mut self, word: u64) -> bool {
        let is_last = self.0.len + 1 == DEPTH;
        if let Some(place) = self.0.words.get_mut(self.0.len) {
            *place = if is_last { DEEPER } else { word };
            self.0.len += 1;
        }
        !is_last
    }
}

fn read(at: [u64; 3], activation: Option<&Activation>) {
    // SAFETY: the place is there while the thread knows it.
    let Some(place) = (unsafe { PLACE.get().as_ref() }) else {
        return;
    };
    if place.state.load(Ordering::Acquire) != WANTED {
        return;
    }
    // SAFETY: until the state changes the words are this thread's.
    let words = unsafe { &mut *place.words.get() };
    words.len = 0;
    if let Some(activation) = activation {
        walk(at, activation, &mut Walk(words));
    }
    place.state.store(READ, Ordering::Release);
}

/// Asks all other threads of a program: the number of each that answered, and the words of its frames; none of one that is in no guest.
pub fn others(program: ProgramId) -> Vec<(u32, Vec<u64>)> {
    install_handler();
    let own = rustix::thread::gettid().as_raw_nonzero().get();
    let places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    let asked: Vec<_> = places
        .iter()
        .filter(|it| it.program == program && it.thread != own)
        .collect();
    let process = rustix::process::getpid().as_raw_nonzero().get();
    for place in &asked {
        place.state.store(WANTED, Ordering::Release);
        // SAFETY: the signal has a handler; the thread has not ended, as it would have to take the lock for that.
        unsafe { libc::syscall(libc::SYS_tgkill, process, place.thread, SIGPROF) };
    }
    let start = Instant::now();
    let is_read = |place: &Place| place.state.load(Ordering::Acquire) == READ;
    while !asked.iter().all(|it| is_read(it)) && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_micros(200));
    }
    let mut found: Vec<_> = asked
        .into_iter()
        .filter(|it| is_read(it))
        .map(|place| {
            // SAFETY: the thread has read its frames, and does not again before it is asked.
            let read = unsafe { &*place.words.get() };
            place.state.store(IDLE, Ordering::Release);
            (place.number, read.words[..read.len].to_vec())
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found
}
