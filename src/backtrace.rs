//! `--backtrace`: how a trap is reported, and where to.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The style of a trap's report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Backtrace {
    /// The cause and the program's own frames, without variables.
    Short,
    /// With all frames, also those of the language's library.
    Full,
    /// All of it, for programs: on standard error, instead of a report for people.
    Json,
    /// As JSON elsewhere, where nothing else is written, beside a report for people.
    JsonTo(Destination),
}

/// The destination of JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// A file of this name.
    File(PathBuf),
    /// A descriptor that this process was started with.
    Descriptor(RawFd),
}

impl Backtrace {
    /// The choice as it was typed.
    pub fn text(&self) -> OsString {
        match self {
            Backtrace::Short => "short".into(),
            Backtrace::Full => "full".into(),
            Backtrace::Json => "json".into(),
            Backtrace::JsonTo(Destination::Descriptor(number)) => {
                format!("json:fd={number}").into()
            }
            Backtrace::JsonTo(Destination::File(path)) => {
                let mut text = OsString::from("json:");
                text.push(path);
                text
            }
        }
    }
}

/// A choice that was typed.
pub fn parse(text: OsString) -> Result<Backtrace, String> {
    match text.as_bytes() {
        b"short" => Ok(Backtrace::Short),
        b"full" => Ok(Backtrace::Full),
        b"json" => Ok(Backtrace::Json),
        [b'j', b's', b'o', b'n', b':', place @ ..] if !place.is_empty() => {
            let Some(number) = place.strip_prefix(b"fd=") else {
                return Ok(Backtrace::JsonTo(Destination::File(
                    OsStr::from_bytes(place).into(),
                )));
            };
            let number = std::str::from_utf8(number).ok();
            let number = number.and_then(|it| it.parse().ok());
            let number = number.filter(|it: &RawFd| *it >= 0);
            number
                .map(|it| Backtrace::JsonTo(Destination::Descriptor(it)))
                .ok_or_else(|| "no number of a descriptor, as in json:fd=3".to_owned())
        }
        _ => Err("not short, full, json, json:FILE or json:fd=NUMBER".to_owned()),
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::File(path) => path.display().fmt(f),
            Destination::Descriptor(number) => write!(f, "descriptor {number}"),
        }
    }
}

impl Destination {
    /// Opens it; a file that is there already is empty afterwards, so that it never tells of an earlier trap.
    ///
    /// # Errors
    /// The system's.
    pub fn open(&self) -> io::Result<File> {
        match self {
            Destination::File(path) => File::create(path),
            Destination::Descriptor(number) => {
                // SAFETY: the call asks for a copy, and fails where the number is of nothing that is open.
                let copy = unsafe { libc::fcntl(*number, libc::F_DUPFD_CLOEXEC, 3) };
                if copy < 0 {
                    return Err(io::Error::last_os_error());
                }
                // SAFETY: the copy is new, and nobody else's.
                Ok(File::from(unsafe { OwnedFd::from_raw_fd(copy) }))
            }
        }
    }
}

/// The place of a JSON report, beside standard error.
pub struct Output {
    file: File,
    destination: Destination,
}

impl Output {
    /// The one that was asked for, opened before the program runs: it may change what the name means.
    ///
    /// # Errors
    /// The system's.
    pub fn open(backtrace: Option<&Backtrace>) -> anyhow::Result<Option<Output>> {
        let Some(Backtrace::JsonTo(destination)) = backtrace else {
            return Ok(None);
        };
        let file = destination.open().map_err(|error| {
            anyhow::anyhow!("--backtrace: cannot write to {destination}: {error}")
        })?;
        Ok(Some(Output {
            file,
            destination: destination.clone(),
        }))
    }

    /// Writes a line.
    pub fn line(&mut self, text: &impl fmt::Display) {
        if let Err(error) = writeln!(self.file, "{text}") {
            eprintln!(
                "error: --backtrace: cannot write to {}: {error}",
                self.destination
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn choices_are_typed_as_they_are_read() {
        let mut bytes = b"json:a".to_vec();
        bytes.push(0xff);
        for text in [
            "short",
            "full",
            "json",
            "json:fd=3",
            "json:fd",
            "json:/tmp/a b",
        ]
        .map(OsString::from)
        .into_iter()
        .chain([OsString::from_vec(bytes)])
        {
            assert_eq!(parse(text.clone()).unwrap().text(), text);
        }
        for text in [
            "",
            "Json",
            "json:",
            "json:fd=",
            "json:fd=-1",
            "json:fd=x",
            "long",
        ] {
            assert!(parse(text.into()).is_err(), "{text}");
        }
    }
}
