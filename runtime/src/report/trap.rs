//! A trap as data: why guest code was left, and where.

use super::backtrace::WasmBacktrace;
use super::cause::Cause;
use super::exception::UncaughtException;
use crate::abi::trap::TrapKind;
use std::fmt;

/// Why guest code trapped, and where.
#[derive(Clone)]
pub struct Trap {
    kind: TrapKind,
    backtrace: WasmBacktrace,
    cause: Cause,
    pub(crate) exception: Option<UncaughtException>,
}

impl Trap {
    pub(crate) fn new(kind: TrapKind, backtrace: WasmBacktrace, cause: Cause) -> Trap {
        Trap {
            kind,
            backtrace,
            cause,
            exception: None,
        }
    }

    /// A trap that no instruction stands for: of instantiation.
    pub(crate) fn without_frames(kind: TrapKind) -> Trap {
        Trap::new(kind, WasmBacktrace::default(), Cause::default())
    }

    /// Why.
    pub fn kind(&self) -> TrapKind {
        self.kind
    }

    /// The line that says why.
    pub(crate) fn title(&self) -> String {
        match &self.exception {
            Some(exception) => format!("wasm exception: {exception}"),
            None => format!("wasm trap: {}", self.kind),
        }
    }

    pub(crate) fn set_backtrace(&mut self, backtrace: WasmBacktrace) {
        self.backtrace = backtrace;
    }

    /// Adds a fact.
    #[cfg(feature = "component-model")]
    pub(crate) fn note(&mut self, text: String) {
        self.cause.note(text);
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
        f.write_str(&self.title())?;
        if !self.backtrace.frames().is_empty() {
            write!(f, "\nwasm backtrace, innermost first:\n{}", self.backtrace)?;
        }
        Ok(())
    }
}

impl std::error::Error for Trap {}
