//! Threads for work that is done on all cores. They end with it: a program under a debugger has the threads that are its own.

use rayon::ThreadPoolBuilder;
use rustix::thread::{Pid, gettid};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// How often, and how long at a time, the end of a thread is waited for: a tenth of a second.
const TRIES: u32 = 1000;
const PAUSE: Duration = Duration::from_micros(100);

/// Does work whose parallel parts run on threads of their own, one for each core or one only; on rayon's common ones where there can
/// be no others.
pub fn with_threads<R: Send>(parallel: bool, work: impl Fn() -> R + Sync) -> R {
    let threads = Mutex::new(Vec::new());
    let note = || {
        if let Ok(mut threads) = threads.lock() {
            threads.push(gettid());
        }
    };
    // None is rayon's choice.
    let count = usize::from(!parallel);
    let result = ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|index| format!("dwalin-{index}"))
        .build_scoped(
            |thread| {
                note();
                thread.run();
            },
            |pool| pool.install(&work),
        )
        .unwrap_or_else(|_| work());
    threads
        .into_inner()
        .into_iter()
        .flatten()
        .for_each(wait_for_end);
    result
}

/// Waits until a thread that is about to end is gone. One that ends while a debugger stops the process, as it does when it is told of
/// code, makes lldb-server 19 lose the process: it fails to resume what is gone.
fn wait_for_end(thread: Pid) {
    let task = format!("/proc/self/task/{thread}");
    for _ in 0..TRIES {
        if !Path::new(&task).exists() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}
