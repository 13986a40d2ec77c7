//! The style of a report.

use super::backtrace::WasmBacktrace;

/// The style of a report.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// True if arguments and locals are shown, and the wasm offsets of frames that have places in the source.
    pub variables: bool,
    /// True if the source line is shown, read from the file that the debug info names: see [`read_source`].
    ///
    /// [`read_source`]: crate::read_source
    pub source: bool,
    /// True if frames of the language's library are shown that only lead to the program's `main`, or from a panic to the trap;
    /// and variables of its other frames.
    pub library: bool,
    /// True if there are escape sequences for a terminal.
    pub color: bool,
    /// The most columns of a line.
    pub width: usize,
    /// The text before the kind of trap: the program's name, for example.
    pub title: String,
}

impl ReportOptions {
    /// All that is known of the program's own frames, without colour and source.
    pub fn normal() -> ReportOptions {
        ReportOptions {
            library: false,
            ..ReportOptions::full()
        }
    }

    /// All that is known, without colour and source.
    pub fn full() -> ReportOptions {
        ReportOptions {
            variables: true,
            source: false,
            library: true,
            color: false,
            width: 140,
            title: String::new(),
        }
    }

    /// The program's own frames without variables.
    pub fn short() -> ReportOptions {
        ReportOptions {
            variables: false,
            width: usize::MAX,
            ..ReportOptions::normal()
        }
    }

    /// As the engine's configuration has it.
    pub(super) fn of(backtrace: &WasmBacktrace) -> ReportOptions {
        ReportOptions {
            source: backtrace.reads_sources(),
            ..ReportOptions::normal()
        }
    }
}
