//! WASI 0.2 (`wasi:cli/command`): what WASI preview 1 does, by the names and types of components.
//!
//! ```text
//! trampoline ─[Val]→ INTERFACES ─numbers, a memory of its own→ host::wasi, preview 1 → Descriptors → cap_std, rustix
//! ```
//!
//! A descriptor is known by its number of preview 1; streams, pollables and errors by numbers of a table of their own (`host/wasi/handles.rs`).
//! All calls are synchronous, and nothing is buffered, as in preview 1.

mod args;
mod call;
mod cli;
mod clocks;
mod define;
mod files;
mod filesystem;
pub mod http;
mod names;
mod poll;
mod preview1;
mod random;
mod sockets;
mod streams;

use super::linker::Linker;
use crate::error::Result;
use crate::host::wasi::WasiCtx;
use define::define;

pub use poll::Overdue;

/// Defines WASI 0.2 for components in stores whose data holds a [`WasiCtx`].
///
/// # Errors
/// Where one of the names is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    define(linker, ctx).map(drop)
}
