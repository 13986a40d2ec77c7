//! The answer as JSON. docs/timetravel.md documents the members.

use super::answer::{Answer, Write, own};
use crate::report_json::{Frames, VERSION};
use dwalin_runtime::short_name;
use serde::Serialize;

/// The members.
#[derive(Serialize)]
pub struct Members<'a> {
    version: u32,
    recording: &'a str,
    expression: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
    address: u64,
    bytes: u64,
    /// The function whose variable it is; none of what is there all the time.
    function: Option<&'a str>,
    end: &'a str,
    value: &'a str,
    writes: u64,
    last_write: Option<Written<'a>>,
    /// The last one that changed the value, where that is another.
    last_change: Option<Written<'a>>,
}

impl<'a> Members<'a> {
    /// Those of an answer.
    pub fn of(answer: &'a Answer<'a>) -> Members<'a> {
        Members {
            version: VERSION,
            recording: &answer.recording,
            expression: answer.expression,
            ty: &answer.found.ty,
            address: answer.found.address,
            bytes: answer.found.len,
            function: answer.frame.as_deref(),
            end: answer.end,
            value: &answer.value,
            writes: answer.writes,
            last_write: answer.last_write.as_ref().map(Written::of),
            last_change: answer.last_change.as_ref().map(Written::of),
        }
    }
}

/// A write.
#[derive(Serialize)]
struct Written<'a> {
    number: u64,
    /// The import whose call wrote; none where the program's code did.
    call: Option<String>,
    function: Option<String>,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    old: &'a str,
    new: &'a str,
    changed: bool,
    #[serde(flatten)]
    frames: Frames,
}

impl<'a> Written<'a> {
    fn of(write: &'a Write) -> Written<'a> {
        let frames = write.backtrace.frames();
        let host = frames.first().filter(|frame| frame.host);
        let guest = || frames.iter().find(|frame| !frame.host);
        let (guest, symbol) = match own(frames) {
            Some((frame, symbol)) => (Some(frame), Some(symbol)),
            None => (guest(), None),
        };
        let name = guest.map(|frame| short_name(&frame.name()).into_owned());
        Written {
            number: write.number,
            call: host.map(|frame| frame.func_name.clone()),
            function: name,
            file: symbol.and_then(|symbol| symbol.file.as_deref()),
            line: symbol.and_then(|symbol| symbol.line),
            column: symbol.and_then(|symbol| symbol.column),
            old: &write.old,
            new: &write.new,
            changed: write.is_change,
            frames: Frames::new(&write.backtrace.with_columns_in_characters()),
        }
    }
}
