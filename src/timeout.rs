//! `-W timeout`: the end of a program that takes too long.

use crate::ending::Ending;
use dwalin_runtime::Engine;
use std::sync::Arc;
use std::time::Duration;

/// The time that a program has to get from the host to code that looks at the epoch, and to be reported.
const GRACE: Duration = Duration::from_secs(3);

/// Interrupts an engine's guests after a time. A program that waits in the host then (for input, say) is ended without a report a while
/// later.
///
/// # Errors
/// Where there can be no more threads.
pub fn start(engine: &Engine, timeout: Duration, ending: &Arc<Ending>) -> std::io::Result<()> {
    let (engine, ending) = (engine.clone(), ending.clone());
    let thread = std::thread::Builder::new().name("timeout".to_owned());
    let wait = move || {
        std::thread::sleep(timeout);
        engine.increment_epoch();
        std::thread::sleep(GRACE);
        ending.waits_in_host(timeout);
    };
    // Nobody waits for it: it ends with the process.
    thread.spawn(wait).map(drop)
}
