//! WASI preview 1: what a guest program may ask of the system, as plain synchronous calls, so that a debugger that stops in
//! one sees the guest's frames below it and nothing else.
//!
//! ```text
//! glue ─[u64]→ functions::FUNCTIONS[i].call ─Args→ fd, path, poll, … ─┬→ Descriptors → cap_std, rustix
//!                                                                     └→ GuestMemory (every pointer checked)
//! ```
//!
//! `wasi_snapshot_preview1` is [`FUNCTIONS`]; `wasi_unstable`, its predecessor, is [`UNSTABLE_FUNCTIONS`]: the same code
//! told by a `Snapshot` where the layouts differ. Paths are resolved by `cap_std` below the directories that the embedder
//! opened, and nothing is buffered: what a guest has written is out when it traps.

mod args;
mod builder;
mod call;
mod clock;
pub(crate) mod descriptor;
mod dir;
mod errno;
mod fd;
mod fd_io;
mod file_times;
mod functions;
#[cfg(feature = "component-model")]
pub(crate) mod handles;
#[cfg(feature = "component-model")]
pub(crate) mod http;
mod linker;
mod lookup;
mod memory;
#[cfg(feature = "component-model")]
pub(crate) mod network;
mod open;
mod parent;
mod path;
mod pipe;
mod poll;
mod process;
pub(crate) mod rights;
mod shared_descriptors;
mod sharing;
mod snapshot;
mod sock;
mod stream;
mod subscription;
#[cfg(test)]
mod tests;
mod types;

pub use builder::{PreopenError, WasiCtx, WasiCtxBuilder};
pub use errno::Errno;
pub use functions::{FUNCTIONS, Function, Outcome, Param, UNSTABLE_FUNCTIONS};
pub use linker::add_to_linker;
pub use memory::GuestMemory;
pub use pipe::{MemoryInputPipe, MemoryOutputPipe};
