//! Threads for work that is done on all cores. They end with it: a program under a debugger has the threads that are its own.

use rayon::{ThreadPool, ThreadPoolBuilder};
use rustix::thread::{Pid, gettid};
use std::cell::{OnceCell, RefCell};
use std::path::Path;
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

/// The number of waits for the end of a thread, and the length of each: a tenth of a second.
const TRIES: u32 = 1000;
const PAUSE: Duration = Duration::from_micros(100);

/// Threads, one for each core or one only, that are made when there is work and gone when this is dropped.
pub struct Threads {
    parallel: bool,
    pool: OnceCell<Option<ThreadPool>>,
    /// Each returns its thread's id.
    ends: RefCell<Vec<JoinHandle<Pid>>>,
}

impl Threads {
    /// None yet.
    pub fn new(parallel: bool) -> Threads {
        Threads {
            parallel,
            pool: OnceCell::new(),
            ends: RefCell::default(),
        }
    }

    /// Does work whose parallel parts run on these threads; on this one where no others can be made.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let start = || self.start().or_else(this_thread);
        match self.pool.get_or_init(start) {
            Some(pool) => pool.install(work),
            // This thread is in such a pool from before, whose it stays.
            None => work(),
        }
    }

    fn start(&self) -> Option<ThreadPool> {
        // None is rayon's choice.
        let count = usize::from(!self.parallel);
        ThreadPoolBuilder::new()
            .num_threads(count)
            .spawn_handler(|thread| {
                let name = format!("dwalin-{}", thread.index());
                let work = || {
                    thread.run();
                    gettid()
                };
                let end = Builder::new().name(name).spawn(work)?;
                self.ends.borrow_mut().push(end);
                Ok(())
            })
            .build()
            .ok()
    }
}

/// A pool of no other threads. rayon's common one panics where none can be made.
fn this_thread() -> Option<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(1);
    builder.use_current_thread().build().ok()
}

impl Drop for Threads {
    /// Waits until all of them are gone.
    fn drop(&mut self) {
        drop(self.pool.take());
        for thread in self.ends.take() {
            thread.join().into_iter().for_each(wait_for_end);
        }
    }
}

/// Waits until a thread that is about to end is gone. One that ends while a debugger stops the process, as it does when it is told of
/// code, makes lldb-server 19 lose the process: it fails to resume what is gone.
fn wait_for_end(thread: Pid) {
    let task = format!("/proc/self/task/{thread}");
    for _ in 0..TRIES {
        if !Path::new(&task).exists() {
            return;
        }
        sleep(PAUSE);
    }
}
