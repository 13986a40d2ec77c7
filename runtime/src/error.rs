//! What can go wrong, by step.

use crate::code::ArtifactError;
use crate::compile_error::CompileError;
use crate::module::foreign::NotAModule;
use crate::printable::Printable;
use crate::report::backtrace::WasmBacktrace;
use crate::report::host_error::HostError;
use crate::report::trap::Trap;
use std::fmt;
use std::path::PathBuf;

/// An error of the runtime.
pub enum Error {
    /// A file could not be read.
    Read {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A file that is neither a module nor a text.
    NotAModule(NotAModule),
    /// Text that is not WAT.
    Wat(Box<wat::Error>),
    /// A component is not valid, needs what is not supported, or is no component.
    Component(String),
    /// A module could not be compiled.
    Compile(CompileError),
    /// An artifact could not be used.
    Artifact(ArtifactError),
    /// An import of the module could not be satisfied.
    Link {
        /// The import's first name.
        module: String,
        /// The import's second name.
        name: String,
        /// The fault of the given value, or that there was none.
        reason: String,
    },
    /// A memory or table could not be made.
    Resources {
        /// Which, and how large.
        what: String,
        /// The system's reason.
        error: std::io::Error,
    },
    /// More than the store's limits allow ([`Store::limiter`](crate::Store::limiter)).
    Limit(String),
    /// A function, global or table was used against its type.
    Type(String),
    /// A program cannot be recorded, as it has this.
    Unrecordable(String),
    /// A read or write beyond the end of a memory, table or object, by the host.
    OutOfBounds(OutOfBounds),
    /// Guest code trapped.
    Trap(Box<Trap>),
    /// The program ended itself, with this exit code.
    Exit(i32),
    /// A host function failed, with whatever error but a trap or an exit.
    Host(Box<HostError>),
}

/// An access of the host's beyond an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfBounds {
    /// Its first byte, element or field; of a growth, the size before.
    pub start: u64,
    /// The number of bytes or elements; of a growth, those that were to be added.
    pub len: u64,
    /// The number that there are; of a growth, none.
    pub size: Option<u64>,
    pub(crate) what: &'static str,
}

impl OutOfBounds {
    /// An access of some of the units of something, which has so many.
    pub(crate) fn of(what: &'static str, start: u64, len: u64, size: u64) -> Error {
        Error::OutOfBounds(OutOfBounds {
            start,
            len,
            size: Some(size),
            what,
        })
    }

    /// A growth that something has no room for.
    pub(crate) fn grown(what: &'static str, start: u64, len: u64) -> Error {
        Error::OutOfBounds(OutOfBounds {
            start,
            len,
            size: None,
            what,
        })
    }
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutOfBounds {
            start,
            len,
            size,
            what,
        } = self;
        match size {
            Some(size) => write!(
                f,
                "out of bounds access by the host: {len} at {start} of {size} {what}"
            ),
            None => write!(f, "the host cannot add {len} to {start} {what}"),
        }
    }
}

/// The result of what the runtime does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a host function's own.
    pub fn host(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Host(Box::new(HostError::new(error.into())))
    }

    /// The trap, if it is one.
    pub fn trap(&self) -> Option<&Trap> {
        match self {
            Error::Trap(trap) => Some(trap),
            _ => None,
        }
    }

    /// The frames of guests, of a trap or of a host function that failed.
    pub fn backtrace(&self) -> Option<&WasmBacktrace> {
        match self {
            Error::Trap(trap) => Some(trap.backtrace()),
            Error::Host(error) => Some(error.backtrace()),
            _ => None,
        }
    }

    /// The error that a host function failed with, if it is of a type.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self {
            Error::Host(error) => error.error().downcast_ref(),
            _ => None,
        }
    }

    /// With a fact about a host function that failed, unless one that it called is what failed.
    #[cfg(feature = "component-model")]
    pub(crate) fn noted(self, text: impl FnOnce() -> String) -> Error {
        let mut error = match self {
            Error::Trap(_) | Error::Exit(_) => return self,
            Error::Host(error) => *error,
            other => HostError::new(Box::new(other)),
        };
        error.note(text);
        Error::Host(Box::new(error))
    }

    /// The same, with the function's name.
    #[cfg(feature = "component-model")]
    pub(crate) fn noted_of(self, name: &str, text: impl FnOnce() -> String) -> Error {
        let mut error = self.noted(text);
        if let Error::Host(error) = &mut error {
            error.name(name);
        }
        error
    }

    /// This error, of a host function that guests wait for.
    pub(crate) fn in_host_function(self, backtrace: impl FnOnce() -> WasmBacktrace) -> Error {
        let error = match self {
            Error::Trap(_) | Error::Exit(_) => return self,
            Error::Host(error) => *error,
            other => HostError::new(Box::new(other)),
        };
        Error::Host(Box::new(error.with_backtrace(backtrace)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Read { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Error::NotAModule(error) => error.fmt(f),
            Error::Wat(error) => write!(f, "invalid WebAssembly text: {error}"),
            Error::Component(reason) => f.write_str(reason),
            Error::Compile(error) => error.fmt(f),
            Error::Artifact(error) => error.fmt(f),
            Error::Link {
                module,
                name,
                reason,
            } => write!(
                f,
                "cannot link import `{}` `{}`: {reason}",
                Printable(module),
                Printable(name)
            ),
            Error::Resources { what, error } => {
                write!(f, "cannot make {what}: {error}")?;
                match error.kind() {
                    std::io::ErrorKind::OutOfMemory => f.write_str(
                        "; where the address space is limited (ulimit -v), a smaller --memory-reservation takes less of it",
                    ),
                    _ => Ok(()),
                }
            }
            Error::Limit(what) => write!(f, "resource limit exceeded: {what}"),
            Error::Type(what) => f.write_str(what),
            Error::Unrecordable(what) => write!(f, "cannot record {}", Printable(what)),
            Error::OutOfBounds(access) => access.fmt(f),
            Error::Trap(trap) => trap.fmt(f),
            Error::Exit(code) => write!(f, "the program exited with code {code}"),
            Error::Host(error) => error.fmt(f),
        }
    }
}

// What `unwrap` and a `main` that returns an error print: of a trap or a host function's error the whole report.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Trap(trap) => fmt::Debug::fmt(trap, f),
            Error::Host(error) => fmt::Debug::fmt(error, f),
            other => write!(f, "Error({:?})", other.to_string()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Where our own text is the cause's, the cause's cause is ours.
            Error::Compile(error) => error.source(),
            Error::Artifact(error) => error.source(),
            Error::Host(error) => error.source(),
            _ => None,
        }
    }
}

/// An error of a host function's own.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::host(error)
    }
}

impl From<CompileError> for Error {
    fn from(error: CompileError) -> Error {
        Error::Compile(error)
    }
}

impl From<ArtifactError> for Error {
    fn from(error: ArtifactError) -> Error {
        Error::Artifact(error)
    }
}
