//! An error of a host function, with the guests that called it.

use super::backtrace::WasmBacktrace;
use super::cause::Cause;
use std::error::Error;
use std::fmt;

/// Why a host function failed, and who called it.
pub struct HostError {
    error: Box<dyn Error + Send + Sync>,
    backtrace: WasmBacktrace,
    cause: Cause,
    /// The host function's name, where whoever defined it knows it.
    name: Option<String>,
}

impl HostError {
    /// An error before it has left the host function.
    pub(crate) fn new(error: Box<dyn Error + Send + Sync>) -> HostError {
        HostError {
            error,
            backtrace: WasmBacktrace::default(),
            cause: Cause::default(),
            name: None,
        }
    }

    /// With the name of the host function, if no inner one has failed: code that calls through a table does not have it.
    #[cfg(feature = "component-model")]
    pub(crate) fn name(&mut self, name: &str) {
        if self.backtrace.frames().is_empty() {
            self.name = Some(name.to_owned());
        }
    }

    /// With the guests that wait, if an inner host function has not said them already.
    pub(crate) fn with_backtrace(mut self, capture: impl FnOnce() -> WasmBacktrace) -> HostError {
        if self.backtrace.frames().is_empty() {
            self.backtrace = capture();
            if let Some(name) = self.name.take() {
                self.backtrace.name_host(&name);
            }
        }
        self
    }

    /// Adds a fact, if no inner host function has.
    #[cfg(feature = "component-model")]
    pub(crate) fn note(&mut self, text: impl FnOnce() -> String) {
        if self.cause.notes.is_empty() {
            self.cause.note(text());
        }
    }

    /// The known facts about it.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The error that the host function returned.
    pub fn error(&self) -> &(dyn Error + 'static) {
        &*self.error
    }

    /// Returns the host function's error alone.
    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.error
    }

    /// The host function, and the guests that called it.
    pub fn backtrace(&self) -> &WasmBacktrace {
        &self.backtrace
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for HostError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
