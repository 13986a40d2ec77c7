//! The ways to profile a program, as `--profile` names them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The ways to profile a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HowToProfile {
    /// By perf: names.
    Perfmap,
    /// By perf: names and source lines.
    Jitdump,
    /// By samples of our own.
    Guest {
        /// The file for them.
        file: PathBuf,
        /// The time between them.
        interval: Duration,
    },
}

impl fmt::Display for HowToProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HowToProfile::Perfmap => f.write_str("perfmap"),
            HowToProfile::Jitdump => f.write_str("jitdump"),
            HowToProfile::Guest { file, interval } => {
                write!(f, "guest,{},{}us", file.display(), interval.as_micros())
            }
        }
    }
}

/// A way to profile, in wasmtime's words.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<HowToProfile, String> {
    let mut parts = text.split(',');
    let how = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("perfmap"), None, ..) => HowToProfile::Perfmap,
        (Some("jitdump"), None, ..) => HowToProfile::Jitdump,
        (Some("guest"), file, interval, None) => HowToProfile::Guest {
            file: file
                .filter(|it| !it.is_empty())
                .unwrap_or("guest-profile.json")
                .into(),
            interval: interval.map_or(Ok(Duration::from_millis(1)), interval_of)?,
        },
        _ => return Err("not perfmap, jitdump or guest[,FILE[,INTERVAL]]".to_owned()),
    };
    Ok(how)
}

/// A time with its unit, which is milliseconds without one.
fn interval_of(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|char: char| !char.is_ascii_digit());
    let number: u64 = digits.parse().unwrap_or(0);
    let interval = match &text[digits.len()..] {
        "us" => Duration::from_micros(number),
        "" | "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        _ => Duration::ZERO,
    };
    match interval {
        Duration::ZERO => Err(format!("`{text}` is no time as 1ms, 500us or 1s")),
        interval => Ok(interval),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_have_wasmtimes_names() {
        let guest = |file: &str, micros| HowToProfile::Guest {
            file: file.into(),
            interval: Duration::from_micros(micros),
        };
        for (text, expected) in [
            ("perfmap", HowToProfile::Perfmap),
            ("jitdump", HowToProfile::Jitdump),
            ("guest", guest("guest-profile.json", 1000)),
            ("guest,a.json", guest("a.json", 1000)),
            ("guest,,10ms", guest("guest-profile.json", 10_000)),
            ("guest,a.json,500us", guest("a.json", 500)),
            ("guest,a.json,2", guest("a.json", 2000)),
        ] {
            assert_eq!(parse(&expected.to_string()).as_ref(), Ok(&expected));
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "perf",
            "perfmap,a",
            "guest,a,0ms",
            "guest,a,1h",
            "guest,a,1ms,b",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
