//! A trap as people read it: what went wrong, the source line, what is known about the cause, the frames and their variables.

use super::backtrace::{FrameInfo, Trap, WasmBacktrace};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use dwalin_debuginfo::SourceFrame;
use dwalin_debuginfo::values::Variable;
use std::fmt::{self, Write};

/// How a report looks.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether arguments and locals are shown, and the wasm offsets of frames that have places in the source.
    pub variables: bool,
    /// Whether the source line is shown, read from its file.
    pub source: bool,
    /// Whether there are escape sequences for a terminal.
    pub color: bool,
    /// The most columns of a line.
    pub width: usize,
    /// What comes before the kind of trap: the program's name, for example.
    pub title: String,
}

impl Options {
    /// All that is known, without colour.
    pub fn full() -> Options {
        Options {
            variables: true,
            source: true,
            color: false,
            width: 140,
            title: String::new(),
        }
    }

    /// Frames without variables, no source.
    pub fn short() -> Options {
        Options {
            variables: false,
            source: false,
            width: usize::MAX,
            ..Options::full()
        }
    }
}

/// A trap, to be displayed.
pub struct Report<'a> {
    trap: &'a Trap,
    options: Options,
}

impl<'a> Report<'a> {
    /// With all that is known.
    pub fn new(trap: &'a Trap) -> Report<'a> {
        Report::with(trap, Options::full())
    }

    /// As asked for.
    pub fn with(trap: &'a Trap, options: Options) -> Report<'a> {
        Report { trap, options }
    }

    /// The heading with the source line, and what is known about the cause.
    fn heading(&self) -> String {
        let title = format!("{}wasm trap: {}", self.options.title, self.trap.kind());
        let cause = self.trap.cause();
        let place = self.options.source.then(|| source(self.trap)).flatten();
        let mut report = Group::with_title(Level::ERROR.primary_title(&title));
        let (first, rest) = match (&place, cause.notes.split_first()) {
            (Some(_), Some((first, rest))) => (Some(first), rest),
            _ => (None, &cause.notes[..]),
        };
        if let Some(place) = &place {
            let mut annotation = AnnotationKind::Primary.span(place.span.clone());
            if let Some(label) = first {
                annotation = annotation.label(label);
            }
            let snippet = Snippet::source(&place.text)
                .path(&place.path)
                .line_start(place.first_line)
                .fold(false)
                .annotation(annotation);
            report = report.element(snippet);
        }
        for note in rest {
            report = report.element(Level::NOTE.message(note));
        }
        for hint in &cause.hints {
            report = report.element(Level::HELP.message(hint));
        }
        let renderer = match self.options.color {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        renderer
            .term_width(self.options.width.min(1000))
            .render(&[report])
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.heading())?;
        if !self.trap.backtrace().frames().is_empty() {
            writeln!(f, "wasm backtrace, innermost first:")?;
            write_frames(f, self.trap.backtrace(), &self.options)?;
        }
        Ok(())
    }
}

/// How far out a frame is looked for whose source is here.
const FRAMES_SEARCHED: usize = 12;

/// A few lines of source, and what to mark in them.
struct Place {
    path: String,
    text: String,
    first_line: usize,
    span: std::ops::Range<usize>,
}

/// The lines around the innermost place whose file is here: a trap in a library is shown where the library was called.
fn source(trap: &Trap) -> Option<Place> {
    let frames = trap.backtrace().frames().iter().take(FRAMES_SEARCHED);
    frames.flat_map(|frame| &frame.symbols).find_map(place)
}

/// The lines around a place; `None` where the file cannot be read or has no such line.
fn place(symbol: &SourceFrame) -> Option<Place> {
    let path = symbol.file.clone()?;
    let line = symbol.line? as usize;
    let all = std::fs::read_to_string(&path).ok()?;
    let first = line.saturating_sub(2).max(1);
    let lines: Vec<_> = all.lines().skip(first - 1).take(line - first + 2).collect();
    let before: usize = lines
        .iter()
        .take(line - first)
        .map(|line| line.len() + 1)
        .sum();
    let marked = *lines.get(line - first)?;
    let start = match symbol.column {
        Some(column) => (column as usize - 1).min(marked.len()),
        None => marked.len() - marked.trim_start().len(),
    };
    if !marked.is_char_boundary(start) {
        return None;
    }
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let rest = &marked[start..];
    let len = match rest.find(|c| !word(c)) {
        Some(0) => rest.chars().next().map_or(0, char::len_utf8),
        Some(len) => len,
        None => rest.len(),
    };
    Some(Place {
        path,
        text: lines.join("\n"),
        first_line: first,
        span: before + start..before + start + len.max(usize::from(!rest.is_empty())),
    })
}

/// One line of a backtrace: a function, inlined or not, of a frame.
struct Line<'a> {
    frame: &'a FrameInfo,
    /// Which of its symbols; `None` without.
    symbol: Option<usize>,
}

impl Line<'_> {
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
/// How often a cycle must come for the rest of it to be folded.
const REPEATS: usize = 3;

/// How many lines from `at` on repeat the `period` lines there, these included.
fn run(lines: &[Line<'_>], at: usize, period: usize) -> usize {
    let rest = &lines[at..];
    let repeated = (period..rest.len()).take_while(|i| rest[*i].same(&rest[*i - period]));
    period + repeated.count()
}

/// Writes the frames, those that repeat themselves once.
pub(super) fn write_frames(
    f: &mut fmt::Formatter<'_>,
    backtrace: &WasmBacktrace,
    options: &Options,
) -> fmt::Result {
    let frames = backtrace.frames();
    let (inner, outer, left_out) = match backtrace.left_out() {
        Some((behind, count)) => (&frames[..behind], &frames[behind..], count),
        None => (frames, &[][..], 0),
    };
    let (inner, outer) = (lines(inner), lines(outer));
    let mut number = 0;
    let open = write_part(f, &inner, &mut number, options)?;
    if left_out == 0 {
        return match open {
            Some((_, folded)) => more_of_the_same(f, folded),
            None => Ok(()),
        };
    }
    // What recurses before the gap and goes on behind it recurses in it.
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
            if let Some((_, folded)) = write_part(f, &outer, &mut number, options)? {
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
    options: &Options,
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
    options: &Options,
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
            frame.func_name
        );
    }
    let symbol = line.symbol.map(|i| &frame.symbols[i]);
    let name = symbol.and_then(|symbol| symbol.function.as_deref());
    write!(
        f,
        "{number:>4}: {bold}{}{reset}",
        name.unwrap_or(&frame.func_name)
    )?;
    match symbol.and_then(|symbol| Some((symbol, symbol.file.as_ref()?))) {
        Some((symbol, file)) => {
            write!(f, " at {file}")?;
            for place in [symbol.line, symbol.column].into_iter().map_while(|it| it) {
                write!(f, ":{place}")?;
            }
        }
        None => match frame.module_offset {
            Some(offset) => write!(f, " ({} at offset {offset:#x})", frame.module)?,
            None => write!(f, " ({})", frame.module)?,
        },
    }
    writeln!(f)?;
    if options.variables {
        for variable in line.variables() {
            write_variable(f, variable, options.width, (dim, reset))?;
        }
    }
    Ok(())
}

fn write_variable(
    f: &mut fmt::Formatter<'_>,
    variable: &Variable,
    width: usize,
    (dim, reset): (&str, &str),
) -> fmt::Result {
    let value = variable.value.as_deref().unwrap_or("not available");
    let mut text = String::new();
    write!(text, "{} = {value}", variable.name)?;
    let room = width.saturating_sub(10).max(20);
    if text.chars().count() > room {
        text = text.chars().take(room - 1).collect();
        text.push('…');
    }
    match variable.value {
        Some(_) => writeln!(f, "          {text}"),
        None => writeln!(f, "          {dim}{text}{reset}"),
    }
}
