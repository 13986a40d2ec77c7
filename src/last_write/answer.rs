//! What is known of a value and its last writes.

use dwalin_runtime::{Found, FrameInfo, SourceFrame, WasmBacktrace, is_library_file, short_name};

/// The answer.
pub struct Answer<'a> {
    /// The recording's name.
    pub recording: String,
    /// The expression as it was typed.
    pub expression: &'a str,
    /// The place that it names.
    pub found: &'a Found,
    /// The function whose variable it is.
    pub frame: Option<String>,
    /// The value at the end.
    pub value: String,
    /// The end, in words.
    pub end: &'a str,
    /// The number of writes.
    pub writes: u64,
    /// The last one, if there was one.
    pub last_write: Option<Write>,
    /// The last one that changed the value, where that is another.
    pub last_change: Option<Write>,
}

/// A write: its number, the frames that it was in, and the value before it.
pub struct Write {
    /// Its number, from 1.
    pub number: u64,
    /// The frames.
    pub backtrace: WasmBacktrace,
    /// The value before.
    pub old: String,
    /// The value after it.
    pub new: String,
    /// True if it left other bytes than were there.
    pub is_change: bool,
}

/// The frame of the program's own that a write is in, and the place there: code of the language's library is not it, if others called that.
pub fn own(frames: &[FrameInfo]) -> Option<(&FrameInfo, &SourceFrame)> {
    let placed = frames
        .iter()
        .filter(|frame| !frame.host)
        .filter_map(|frame| {
            let symbol = frame.symbols.first()?;
            symbol.line.map(|_| (frame, symbol))
        });
    let is_own = |(_, symbol): &(&FrameInfo, &SourceFrame)| {
        symbol
            .file
            .as_deref()
            .is_some_and(|file| !is_library_file(file))
    };
    let mut all = placed.clone();
    placed.clone().find(is_own).or_else(|| all.next())
}

/// Who wrote, in words.
pub fn writer(frames: &[FrameInfo]) -> String {
    let Some(first) = frames.first() else {
        return "code without a frame".to_owned();
    };
    let name = |frame: &FrameInfo| short_name(&frame.name()).into_owned();
    let writer = match first.host {
        true => format!("the host, in {}", name(first)),
        false => name(first),
    };
    match own(frames) {
        None => writer,
        Some((frame, symbol)) if std::ptr::eq(first, frame) => {
            format!("{writer} at {}", at(symbol))
        }
        Some((frame, symbol)) => format!("{writer}, called from {} at {}", name(frame), at(symbol)),
    }
}

fn at(symbol: &SourceFrame) -> String {
    let file = symbol.file.as_deref().unwrap_or("?");
    match symbol.line {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    }
}
