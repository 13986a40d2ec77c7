//! The frames of a backtrace as people read them: a line a function, its variables below; what repeats itself and what is not the
//! program's once.

use super::backtrace::{FrameInfo, WasmBacktrace};
use super::library::{self, Named};
use super::options::ReportOptions;
use super::shorten::short;
use crate::printable::Printable;
use dwalin_debuginfo::values::{Unavailable, Variable};
use std::fmt::{self, Write};

impl WasmBacktrace {
    /// Its frames as a report shows them.
    pub fn display(&self, options: &ReportOptions) -> impl fmt::Display {
        fmt::from_fn(|f| write_frames(f, self, options))
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_frames(f, self, &ReportOptions::short())
    }
}

/// The functions of frames, inlined ones too, innermost first.
pub(super) fn functions(frames: &[FrameInfo]) -> Vec<Named<'_>> {
    lines(frames).iter().map(Line::named).collect()
}

/// One line of a backtrace: a function, inlined or not, of a frame.
struct Line<'a> {
    frame: &'a FrameInfo,
    /// Which of its symbols; `None` without.
    symbol: Option<usize>,
}

impl<'a> Line<'a> {
    fn named(&self) -> Named<'a> {
        Named {
            frame: self.frame,
            symbol: self.symbol.map(|i| &self.frame.symbols[i]),
        }
    }

    fn same(&self, other: &Line<'_>) -> bool {
        self.frame.module_offset == other.frame.module_offset
            && self.frame.func_index == other.frame.func_index
            && self.frame.module == other.frame.module
            && self.symbol == other.symbol
            && self.frame.host == other.frame.host
    }

    fn variables(&self) -> &[Variable] {
        let all = self.frame.variables.get(self.symbol.unwrap_or(usize::MAX));
        all.map_or(&[], Vec::as_slice)
    }
}

fn lines(frames: &[FrameInfo]) -> Vec<Line<'_>> {
    let of_frame = |frame| -> Vec<Line<'_>> {
        let frame: &FrameInfo = frame;
        match frame.symbols.len() {
            0 => vec![Line {
                frame,
                symbol: None,
            }],
            count => (0..count)
                .map(|i| Line {
                    frame,
                    symbol: Some(i),
                })
                .collect(),
        }
    };
    frames.iter().flat_map(of_frame).collect()
}

/// The longest cycle of functions that recurse into each other that is folded.
const CYCLE: usize = 6;
/// The number of repetitions from which a cycle is folded.
const REPEATS: usize = 3;

/// Returns the number of lines from `at` on that repeat the `period` lines there, these included.
fn run(lines: &[Line<'_>], at: usize, period: usize) -> usize {
    let rest = &lines[at..];
    let repeated = (period..rest.len()).take_while(|i| rest[*i].same(&rest[*i - period]));
    period + repeated.count()
}

/// Writes the frames, those that repeat themselves once.
pub(super) fn write_frames(
    f: &mut fmt::Formatter<'_>,
    backtrace: &WasmBacktrace,
    options: &ReportOptions,
) -> fmt::Result {
    let frames = backtrace.frames();
    let (inner, outer, left_out) = match backtrace.left_out() {
        Some((behind, count)) => (&frames[..behind], &frames[behind..], count),
        None => (frames, &[][..], 0),
    };
    let (inner, outer) = (lines(inner), lines(outer));
    let (mut inner, mut outer) = (&inner[..], &outer[..]);
    let (mut number, mut starting) = (0, 0);
    if !options.library {
        number = library::raising(inner.iter().map(Line::named));
        inner = &inner[number..];
        of_library(f, number)?;
        let last = if left_out == 0 {
            &mut inner
        } else {
            &mut outer
        };
        starting = library::starting(last.iter().rev().map(Line::named));
        *last = &last[..last.len() - starting];
    }
    write_parts(f, inner, left_out, outer, number, options)?;
    of_library(f, starting)
}

fn of_library(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count {
        0 => Ok(()),
        1 => writeln!(f, "      ... 1 frame of the language's library ..."),
        _ => writeln!(f, "      ... {count} frames of the language's library ..."),
    }
}

/// Writes lines, so many that are left out, and lines.
fn write_parts(
    f: &mut fmt::Formatter<'_>,
    inner: &[Line<'_>],
    left_out: usize,
    outer: &[Line<'_>],
    mut number: usize,
    options: &ReportOptions,
) -> fmt::Result {
    let open = write_part(f, inner, &mut number, options)?;
    if left_out == 0 {
        return match open {
            Some((_, folded)) => more_of_the_same(f, folded),
            None => Ok(()),
        };
    }
    // What recurses before the gap and goes on after it recurses in it.
    let goes_on = open.filter(|(period, _)| {
        outer.first().is_some_and(|first| {
            inner[inner.len() - period..]
                .iter()
                .any(|line| line.same(first))
        })
    });
    match goes_on {
        Some((period, folded)) => {
            let more =
                outer
                    .iter()
                    .enumerate()
                    .take_while(|(i, line)| match i.checked_sub(period) {
                        Some(before) => line.same(&outer[before]),
                        None => inner[inner.len() - period..].iter().any(|it| it.same(line)),
                    });
            let more = more.count();
            more_of_the_same(f, folded + left_out + more)?;
            number += left_out + more;
            if let Some((_, folded)) = write_part(f, &outer[more..], &mut number, options)? {
                more_of_the_same(f, folded)?;
            }
        }
        None => {
            if let Some((_, folded)) = open {
                more_of_the_same(f, folded)?;
            }
            writeln!(f, "      ... {left_out} frames ...")?;
            number += left_out;
            if let Some((_, folded)) = write_part(f, outer, &mut number, options)? {
                more_of_the_same(f, folded)?;
            }
        }
    }
    Ok(())
}

fn more_of_the_same(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    writeln!(f, "      ... {count} more frames of the same ...")
}

/// Writes frames without a gap. The length of the cycle that is still going on at the end, and how many frames of it have not
/// been written.
fn write_part(
    f: &mut fmt::Formatter<'_>,
    lines: &[Line<'_>],
    number: &mut usize,
    options: &ReportOptions,
) -> Result<Option<(usize, usize)>, fmt::Error> {
    let mut at = 0;
    while at < lines.len() {
        let longest = (1..=CYCLE.min(lines.len() - at))
            .map(|period| (period, run(lines, at, period)))
            .find(|(period, len)| *len >= period * REPEATS);
        let Some((period, len)) = longest else {
            write_line(f, &lines[at], *number, options)?;
            *number += 1;
            at += 1;
            continue;
        };
        for line in &lines[at..at + period] {
            write_line(f, line, *number, options)?;
            *number += 1;
        }
        let folded = len - period;
        *number += folded;
        at += len;
        if at == lines.len() {
            return Ok(Some((period, folded)));
        }
        more_of_the_same(f, folded)?;
    }
    Ok(None)
}

fn write_line(
    f: &mut fmt::Formatter<'_>,
    line: &Line<'_>,
    number: usize,
    options: &ReportOptions,
) -> fmt::Result {
    let frame = line.frame;
    let (bold, dim, reset) = match options.color {
        true => ("\x1b[1m", "\x1b[2m", "\x1b[0m"),
        false => ("", "", ""),
    };
    if frame.host {
        return writeln!(
            f,
            "{number:>4}: {dim}host:{reset} {bold}{}{reset}",
            Printable(&frame.func_name)
        );
    }
    let symbol = line.symbol.map(|i| &frame.symbols[i]);
    let name = symbol.and_then(|symbol| symbol.function.as_deref());
    write!(
        f,
        "{number:>4}: {bold}{}{reset}",
        Printable(short(name.unwrap_or(&frame.func_name)))
    )?;
    if let Some(call) = &frame.passes_on {
        write!(f, " of {bold}{}{reset}", Printable(call))?;
    }
    match symbol.and_then(|symbol| Some((symbol, symbol.file.as_ref()?))) {
        Some((symbol, file)) => {
            write!(f, " at {}", Printable(file))?;
            for place in [symbol.line, symbol.column].into_iter().map_while(|it| it) {
                write!(f, ":{place}")?;
            }
        }
        None => match frame.module_offset {
            Some(offset) => write!(f, " ({} at offset {offset:#x})", Printable(&frame.module))?,
            None => write!(f, " ({})", Printable(&frame.module))?,
        },
    }
    writeln!(f)?;
    if options.variables && (options.library || !line.named().is_of_library()) {
        for variable in line.variables() {
            write_variable(f, variable, options.width, dim, reset)?;
        }
    }
    Ok(())
}

fn write_variable(
    f: &mut fmt::Formatter<'_>,
    variable: &Variable,
    width: usize,
    dim: &str,
    reset: &str,
) -> fmt::Result {
    let (mut text, name) = (String::new(), Printable(&variable.name));
    match &variable.value {
        Ok(value) => write!(text, "{name} = {}", Printable(value))?,
        Err(reason @ Unavailable::Constant(_)) => {
            write!(text, "{name} = not certain ({reason})")?;
        }
        Err(reason) => write!(text, "{name} = not available ({reason})")?,
    }
    let room = width.saturating_sub(10).max(20);
    if text.chars().count() > room {
        text = text.chars().take(room - 1).collect();
        text.push('…');
    }
    match variable.value {
        Ok(_) => writeln!(f, "          {text}"),
        Err(_) => writeln!(f, "          {dim}{text}{reset}"),
    }
}
