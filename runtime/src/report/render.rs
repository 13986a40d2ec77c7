//! A trap, or an error of a host function, as people read it: what went wrong, the source line, what is known about the cause, the
//! frames and their variables.

use super::backtrace::WasmBacktrace;
use super::cause::Cause;
use super::host_error::HostError;
use super::library;
use super::listing::{functions, write_frames};
use super::options::ReportOptions;
use super::trap::Trap;
use crate::named_file::read_source;
use crate::printable::{Printable, PrintableLines};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use dwalin_debuginfo::SourceFrame;
use std::borrow::Cow;
use std::fmt;

/// A trap or an error of a host function, to be displayed.
pub struct Report<'a> {
    title: String,
    cause: Cow<'a, Cause>,
    backtrace: &'a WasmBacktrace,
    options: ReportOptions,
}

impl<'a> Report<'a> {
    /// With all that is known of the program's own frames, and the source line where the engine's configuration wants it.
    pub fn new(trap: &'a Trap) -> Report<'a> {
        Report {
            title: trap.title(),
            cause: Cow::Borrowed(trap.cause()),
            backtrace: trap.backtrace(),
            options: ReportOptions::of(trap.backtrace()),
        }
    }

    /// As asked for.
    pub fn with(trap: &'a Trap, options: ReportOptions) -> Report<'a> {
        Report {
            options,
            ..Report::new(trap)
        }
    }

    /// Of an error that a host function returned.
    pub fn of_host_error(error: &'a HostError) -> Report<'a> {
        let mut title = error.to_string();
        let mut source = error.error().source();
        while let Some(cause) = source {
            title = format!("{title}: {cause}");
            source = cause.source();
        }
        let mut cause = Cause::default();
        let note = match error.backtrace().frames() {
            [host, caller, ..]
                if host.host
                    && let Some(call) = &caller.passes_on =>
            {
                Some(format!("a component called another one: `{call}`"))
            }
            [host, ..] if host.host => Some(format!(
                "the host function `{}` failed, called from here",
                host.func_name
            )),
            _ => None,
        };
        cause.notes.extend(note);
        cause.notes.extend_from_slice(&error.cause().notes);
        Report {
            title,
            cause: Cow::Owned(cause),
            backtrace: error.backtrace(),
            options: ReportOptions::of(error.backtrace()),
        }
    }

    /// With other options.
    pub fn options(self, options: ReportOptions) -> Report<'a> {
        Report { options, ..self }
    }

    /// The heading with the source line, and what is known about the cause.
    fn heading(&self) -> String {
        let title = Printable(format_args!("{}{}", self.options.title, self.title)).to_string();
        let cause = &*self.cause;
        let shown = |texts: &[String]| -> Vec<String> {
            let texts = texts.iter().map(PrintableLines);
            texts.map(|text| text.to_string()).collect()
        };
        let (notes, hints) = (shown(&cause.notes), shown(&cause.hints));
        let place = self
            .options
            .source
            .then(|| source(self.backtrace))
            .flatten();
        let mut report = Group::with_title(Level::ERROR.primary_title(&title));
        let (first, rest) = match (&place, notes.split_first()) {
            (Some(_), Some((first, rest))) => (Some(first), rest),
            _ => (None, &notes[..]),
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
        for hint in &hints {
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
        if !self.backtrace.frames().is_empty() {
            writeln!(f, "wasm backtrace, innermost first:")?;
            let counted = self
                .options
                .source
                .then(|| self.backtrace.with_columns_in_characters());
            write_frames(f, counted.as_ref().unwrap_or(self.backtrace), &self.options)?;
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

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Report::of_host_error(self))
    }
}

/// The number of frames in which a function is searched whose source is here.
const FUNCTIONS_SEARCHED: usize = 24;

/// A few lines of source, and what to mark in them.
struct Place {
    path: String,
    text: String,
    first_line: usize,
    span: std::ops::Range<usize>,
}

/// The lines around the innermost place whose file is here: a trap in a library is shown where the library was called.
fn source(backtrace: &WasmBacktrace) -> Option<Place> {
    let functions = functions(backtrace.frames());
    let raising = library::raising(functions.iter().copied());
    let searched = functions.iter().skip(raising).take(FUNCTIONS_SEARCHED);
    searched.filter_map(|it| it.symbol).find_map(place)
}

/// The lines around a place; `None` where the file cannot be read or has no such line.
fn place(symbol: &SourceFrame) -> Option<Place> {
    let path = symbol.file.clone()?;
    let line = symbol.line? as usize;
    // The renderer replaces other controls itself. This one has two bytes too, so that columns stay.
    let is_c1 = |c: char| ('\u{80}'..'\u{a0}').contains(&c);
    let all = read_source(&path).ok()?.replace(is_c1, "\u{b7}");
    let first = line.saturating_sub(2).max(1);
    let lines: Vec<_> = all.lines().skip(first - 1).take(line - first + 2).collect();
    let before: usize = lines
        .iter()
        .take(line - first)
        .map(|line| line.len() + 1)
        .sum();
    let marked = *lines.get(line - first)?;
    let start = match symbol.column {
        Some(column) => marked.floor_char_boundary((column as usize).saturating_sub(1)),
        None => marked.len() - marked.trim_start().len(),
    };
    let is_text = path.ends_with(".wat");
    let word = |c: char| c.is_alphanumeric() || c == '_' || (is_text && c == '.');
    let rest = &marked[start..];
    let len = match rest.find(|c| !word(c)) {
        Some(0) => rest.chars().next().map_or(0, char::len_utf8),
        Some(len) => len,
        None => rest.len(),
    };
    Some(Place {
        path: Printable(path).to_string(),
        text: lines.join("\n"),
        first_line: first,
        span: before + start..before + start + len.max(usize::from(!rest.is_empty())),
    })
}
