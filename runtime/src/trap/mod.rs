//! Leaving guest code for a reason: traps found by a signal and one look-up, and errors that host functions raise.

mod access;
pub mod activation;
pub mod backtrace;
pub mod cause;
pub mod collect;
pub mod enter;
pub mod host_error;
pub mod kind;
pub mod library;
pub mod listing;
pub mod message;
pub mod operands;
pub mod report;
mod shorten;
pub mod signal;
pub mod walk;

pub use backtrace::{FrameInfo, Trap, WasmBacktrace};
pub use cause::Cause;
pub use host_error::HostError;
pub use kind::TrapKind;
pub use report::{Options as ReportOptions, Report};
