//! WASI preview 1 (`wasi_snapshot_preview1`, and `wasi_unstable`, its predecessor): all 46 functions, synchronous, so that a
//! debugger sees a plain call. Files are reached through cap-primitives, which keeps paths below the directories given.

mod args;
mod clock;
mod ctx;
mod descriptor;
mod dir;
mod errno;
mod fd;
mod functions;
mod io;
mod linker;
mod memory;
mod path;
mod poll;
mod process;
mod socket;
#[cfg(test)]
mod tests;
mod types;

pub use ctx::{WasiCtx, WasiCtxBuilder};
pub use errno::Errno;
pub use linker::add_to_linker;

/// Which of the two versions a module was built for: they differ in three layouts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Snapshot {
    /// `wasi_unstable`.
    Unstable,
    /// `wasi_snapshot_preview1`.
    Preview1,
}

/// How a call ends that does not succeed.
enum Failure {
    /// With an error number for the guest.
    Errno(Errno),
    /// With the end of the program.
    Exit(i32),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure::Errno(errno)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Errno(error.into())
    }
}

impl From<rustix::io::Errno> for Failure {
    fn from(error: rustix::io::Errno) -> Failure {
        Failure::Errno(error.into())
    }
}

/// The result of a WASI function: what it returns, it writes to the guest's memory.
type Done = Result<(), Failure>;
