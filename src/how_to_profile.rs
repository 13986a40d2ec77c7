//! The ways to profile a program, as `--profile` names them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
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

impl HowToProfile {
    /// The text that [`parse`] makes it of.
    pub fn text(&self) -> OsString {
        match self {
            HowToProfile::Perfmap => "perfmap".into(),
            HowToProfile::Jitdump => "jitdump".into(),
            HowToProfile::Guest { file, interval } => {
                let mut text = OsString::from("guest,");
                text.push(file);
                text.push(format!(",{}us", interval.as_micros()));
                text
            }
        }
    }
}

/// A way to profile, in wasmtime's words.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: OsString) -> Result<HowToProfile, String> {
    let mut parts = text.as_bytes().split(|byte| *byte == b',');
    let how = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(b"perfmap"), None, ..) => HowToProfile::Perfmap,
        (Some(b"jitdump"), None, ..) => HowToProfile::Jitdump,
        (Some(b"guest"), file, interval, None) => HowToProfile::Guest {
            file: OsStr::from_bytes(
                file.filter(|it| !it.is_empty())
                    .unwrap_or(b"guest-profile.json"),
            )
            .into(),
            interval: interval.map_or(Ok(Duration::from_millis(1)), |interval| {
                interval_of(&String::from_utf8_lossy(interval))
            })?,
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
            assert_eq!(parse(expected.text()).as_ref(), Ok(&expected));
            assert_eq!(parse(text.into()), Ok(expected), "{text}");
        }
        // Names of files need not be text.
        let named = OsStr::from_bytes(b"guest,\xff.json,1ms");
        let way = parse(named.into()).unwrap();
        assert_eq!(way.text(), OsStr::from_bytes(b"guest,\xff.json,1000us"));
        for text in [
            "",
            "perf",
            "perfmap,a",
            "guest,a,0ms",
            "guest,a,1h",
            "guest,a,1ms,b",
        ] {
            assert!(parse(text.into()).is_err(), "{text}");
        }
    }
}
