//! The last message of a program: that of a Rust panic, of an assertion, or whatever it wrote last.

use crate::report::backtrace::FrameInfo;

/// A panic as Rust's own hook prints it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Panic {
    /// Its message, in one line or several.
    pub message: String,
    /// Its source position, as printed: file, line, column.
    pub location: String,
}

/// The lines that Rust's hook prints after a message.
const ENDS: [&str; 2] = ["\nnote: run with `RUST_BACKTRACE=", "\nstack backtrace:"];

impl Panic {
    /// The panic that a program reported last, in what it wrote; `None` where its own hook prints something else.
    pub fn parse(text: &str) -> Option<Panic> {
        // `thread 'main' (1) panicked at src/main.rs:3:5:`, and the message from the next line on.
        let at = text
            .rfind("' panicked at ")
            .or_else(|| text.rfind(") panicked at "))?;
        let (_, report) = text[at..].split_once(" panicked at ")?;
        let report = ENDS.iter().fold(report, |report, end| {
            report.split_once(end).map_or(report, |(before, _)| before)
        });
        let (message, location) = match report.split_once(":\n") {
            Some((location, message)) if !location.contains('\n') => (message, location),
            // Before Rust 1.73: `panicked at 'the message', src/main.rs:3:5`.
            _ => {
                let (message, location) = report.rsplit_once("', ")?;
                (message.strip_prefix('\'')?, location)
            }
        };
        Some(Panic {
            message: message.trim_end().to_owned(),
            location: location.trim_end().to_owned(),
        })
    }

    /// Returns true if frames are at the place that it says, or have no places at all: an earlier panic may have been caught, and this
    /// one not been printed.
    pub fn is_of(&self, frames: &[FrameInfo]) -> bool {
        let mut parts = self.location.rsplitn(3, ':');
        let (_, line, file) = (parts.next(), parts.next(), parts.next());
        let (Some(Ok(line)), Some(file)) = (line.map(str::parse::<u32>), file) else {
            return false;
        };
        let mut places = frames.iter().flat_map(|frame| &frame.symbols).peekable();
        places.peek().is_none()
            || places.any(|place| {
                let here = place.file.as_deref();
                place.line == Some(line) && here.is_some_and(|here| is_same_file(here, file))
            })
    }
}

/// Returns true if a path is another one, perhaps with directories before it.
fn is_same_file(path: &str, end: &str) -> bool {
    let rest = path.strip_suffix(end.trim_start_matches("./"));
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '\\']))
}

/// The last line that is not empty.
pub fn last_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).rfind(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Panic, last_line};
    use crate::report::backtrace::FrameInfo;
    use dwalin_debuginfo::SourceFrame;

    fn parsed(text: &str) -> (String, String) {
        let panic = Panic::parse(text).unwrap();
        (panic.message, panic.location)
    }

    #[test]
    fn messages_of_all_versions_are_found() {
        let new = "\nthread 'main' (1) panicked at src/main.rs:9:20:\nno figs\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        let middle = "thread 'a' panicked at 'b' panicked at src/main.rs:9:20:\nno figs\nstack backtrace:\n   0: x\n";
        let old = "thread 'main' panicked at 'no figs', src/main.rs:9:20\nnote: run with `RUST_BACKTRACE=1`";
        for text in [new, middle, old] {
            assert_eq!(parsed(text), ("no figs".into(), "src/main.rs:9:20".into()));
        }
        let lines = "said before\nthread 'main' panicked at a.rs:1:2:\nassertion failed\n  left: 1\n right: 2\n";
        assert_eq!(parsed(lines).0, "assertion failed\n  left: 1\n right: 2");
        assert_eq!(Panic::parse("it panicked at night:\nsaid a hook"), None);
    }

    #[test]
    fn a_message_belongs_to_frames_that_are_there() {
        let mut frame = FrameInfo::guest("m".to_owned(), 0);
        let panic = Panic::parse("thread 'main' panicked at src/main.rs:9:20:\nx\n").unwrap();
        assert!(
            panic.is_of(&[frame.clone()]),
            "without places it cannot be told"
        );
        for (file, line, is) in [
            ("/home/me/src/main.rs", 9, true),
            ("src/main.rs", 9, true),
            ("/home/me/src/main.rs", 10, false),
            ("/home/me/othersrc/main.rs", 9, false),
        ] {
            frame.symbols = vec![SourceFrame {
                function: None,
                file: Some(file.to_owned()),
                line: Some(line),
                column: None,
            }];
            assert_eq!(panic.is_of(&[frame.clone()]), is, "{file}:{line}");
        }
    }

    #[test]
    fn empty_lines_say_nothing() {
        assert_eq!(last_line("one\ntwo\n\n  \n"), Some("two"));
        assert_eq!(last_line("\n"), None);
    }
}
