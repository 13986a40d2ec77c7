//! Leaving guest code for a reason: traps found by a signal and one look-up, and errors that host functions raise.

mod access;
pub mod backtrace;
pub mod cause;
pub mod collect;
mod columns;
pub mod host_error;
pub mod library;
pub mod listing;
pub mod message;
pub mod operands;
mod own_stack;
pub mod report;
pub(crate) mod shorten;
mod suspects;

pub use crate::abi::trap::TrapKind;
pub use backtrace::{FrameInfo, WasmBacktrace};
pub use cause::Cause;
pub use host_error::HostError;
pub use report::{Options as ReportOptions, Report};

use crate::unwind::activation::{Activation, Fault};
use crate::vm::store::StoreCore;
use backtrace::Stopped;
use collect::Collected;
use std::fmt;

/// Why guest code trapped, and where.
#[derive(Clone)]
pub struct Trap {
    kind: TrapKind,
    backtrace: WasmBacktrace,
    cause: Cause,
}

impl Trap {
    pub(crate) fn new(store: &StoreCore, fault: Fault, activation: &Activation) -> Trap {
        let (backtrace, cause) = match Collected::take(activation) {
            Some(collected) => (collected.backtrace, collected.cause),
            None => (
                WasmBacktrace::symbolize(store, &activation.frames.borrow(), Stopped::Gone),
                None,
            ),
        };
        let cause = cause.unwrap_or_else(|| Cause::of_fault(store, fault, activation, &backtrace));
        Trap {
            kind: fault.kind,
            backtrace,
            cause,
        }
    }

    /// A trap that no instruction stands for: of instantiation.
    pub(crate) fn without_frames(kind: TrapKind) -> Trap {
        Trap {
            kind,
            backtrace: WasmBacktrace::default(),
            cause: Cause::default(),
        }
    }

    /// Why.
    pub fn kind(&self) -> TrapKind {
        self.kind
    }

    /// The known facts about its cause.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The frames.
    pub fn backtrace(&self) -> &WasmBacktrace {
        &self.backtrace
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm trap: {}", self.kind)?;
        if !self.backtrace.frames.is_empty() {
            write!(f, "\nwasm backtrace, innermost first:\n{}", self.backtrace)?;
        }
        Ok(())
    }
}

// The full report: what `unwrap` and a `main` that returns an error print.
impl fmt::Debug for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Report::new(self))
    }
}

impl std::error::Error for Trap {}
