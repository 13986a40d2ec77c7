//! Core dumps of stores that trapped, in the format of the WebAssembly tool conventions (Coredump.md): written, and read again
//! to show frames and variables as a trap's report does.

mod checksum;
mod identity;
mod read;
mod references;
mod write;

pub use read::{CoreDump, CoreDumpError};
pub use write::write;
