//! Recordings: what the imports of a program returned and wrote, so that the program can be run again as it was.
//!
//! ```text
//! "dwalin recording 2\n"
//! length u32 · checksum u32 · Start              the program: its module's length and checksum, name, arguments, options
//! length u32 · checksum u32 · Module             the module, in pieces
//! …
//! length u32 · checksum u32 · Call               a call of an import: arguments, results, and what it wrote; one write(2) each
//! length u32 · checksum u32 · Growth             the result of memory.grow or table.grow
//! …
//! length u32 · checksum u32 · End                the end of the program
//! ```
//! The checksum is a CRC-32 of the entry. Numbers are little-endian. A process that is killed leaves a file without an end, perhaps with the
//! beginning of an entry: all before it is good. There are no addresses of the host in a recording, nor anything of the code that ran.

mod bytes;
mod control;
mod entry;
mod log;
mod session;
mod watch;

pub use control::{Control, State};
pub use entry::{Call, Effect, End, Ended, Entry, Growth, Outcome, Start};
pub use log::{Log, LogError, Tail};
pub use session::Stopped;
pub(crate) use session::{Answer, Divergence, Failure, Session, Write};
pub use watch::{Watch, Writes};
