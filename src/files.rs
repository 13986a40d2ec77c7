//! Errors of the files that were named on the command line: what is wrong with which one, and what to do.

use dwalin_runtime::{Error, NotAModule, read_chosen};
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Reads a file.
///
/// # Errors
/// Where it cannot be read.
pub fn read(path: &Path) -> dwalin_runtime::Result<Vec<u8>> {
    let _waiting = tell_of_waiting(path);
    read_chosen(path).map_err(|error| Error::Read {
        path: path.to_owned(),
        error,
    })
}

/// The time after which a pipe is said to have nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Has it said that a named pipe is waited for, while what is returned is kept: opening one takes until something writes to it.
#[must_use]
pub fn tell_of_waiting(path: &Path) -> Option<Sender<()>> {
    if !path.metadata().is_ok_and(|it| it.file_type().is_fifo()) || path.starts_with("/dev") {
        return None;
    }
    let (end, waits) = channel();
    let file = path.display().to_string();
    // A look into the pipe would be an end to read from, which goes away under who writes.
    let tell = move || {
        if waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("dwalin: {file} is a pipe, and waits for what writes to it");
        }
    };
    thread::Builder::new().spawn(tell).ok().map(|_| end)
}

/// Refuses to write over the file that is read: a mistyped option would replace a module by what is made from it.
///
/// # Errors
/// Where the two are one file, by whatever names.
pub fn keep(read: &Path, written: &Path) -> io::Result<()> {
    let place = |path: &Path| path.metadata().map(|it| (it.dev(), it.ino())).ok();
    if written.is_file() && place(read) == place(written) {
        let message = "it is the file that is read; give another name";
        return Err(io::Error::other(message));
    }
    Ok(())
}

/// An error of a file, told with its name once and with what helps.
pub fn error(error: Error, path: &Path) -> anyhow::Error {
    match error {
        Error::Read { path, error } => cannot_read(&path, error),
        Error::NotAModule(error) => not_a_module(error, path),
        error => anyhow::Error::from(error).context(path.display().to_string()),
    }
}

/// That a file could not be read.
pub fn cannot_read(path: &Path, error: io::Error) -> anyhow::Error {
    let file = path.display();
    match error.kind() {
        ErrorKind::IsADirectory => {
            anyhow::anyhow!("cannot read {file}: it is a directory: give a module in it")
        }
        ErrorKind::NotFound => {
            let near = near(path).map(|it| format!("\nhelp: there is {}", it.display()));
            let near = match path.as_os_str() == "-" {
                true => Some("\nhelp: /dev/stdin is standard input".to_owned()),
                false => near,
            };
            anyhow::anyhow!("cannot read {file}: {error}{}", near.unwrap_or_default())
        }
        _ => anyhow::anyhow!("cannot read {file}: {error}"),
    }
}

/// Compilers by what the names of their sources end with, and the options by which they make a module.
const COMPILERS: [(&[&str], &str, &str); 3] = [
    (&["c"], "clang --target=wasm32-wasi -g -O0", ".wasm"),
    (
        &["cc", "cpp", "cxx", "C"],
        "clang++ --target=wasm32-wasi -g -O0 -fno-exceptions",
        ".wasm",
    ),
    (&["rs"], "rustc --target wasm32-wasip1 -g", ".wasm"),
];

fn not_a_module(error: NotAModule, path: &Path) -> anyhow::Error {
    let file = path.display();
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let compiler = COMPILERS.iter().find(|it| it.0.contains(&extension));
    let out = path.with_extension("");
    let out = out.display();
    let help = match extension {
        // Emscripten, wasm-bindgen and AssemblyScript write such beside the module.
        "js" | "mjs" => Some(format!(
            "\nhelp: it is JavaScript, which loads a module beside it: give that, {out}.wasm"
        )),
        _ => compiler.map(|(_, command, ending)| {
            format!("\nhelp: compile it first: {command} -o {out}{ending} {file}")
        }),
    };
    anyhow::anyhow!("{file}: {error}{}", help.unwrap_or_default())
}

/// The edit distance up to which a name is taken for a mistyped one.
const EDITS: usize = 2;

/// A file beside one that is not there whose name is much the same, or ends otherwise.
fn near(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let lower = wanted.to_lowercase();
    let distance = |name: &str| {
        let with_ending = format!("{wanted}.wasm");
        let edits = strsim::damerau_levenshtein(&name.to_lowercase(), &lower);
        // `app` and `app.wat` are often meant for app.wasm; short names are near to many.
        match name == with_ending {
            true => Some(0),
            false => (edits <= EDITS && edits * 3 <= wanted.len()).then_some(edits),
        }
    };
    let names = entries.flatten().filter(|entry| entry.path().is_file());
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let names = names.filter_map(|name| Some((distance(&name)?, name)));
    // Equally near ones in the alphabet's order: the system's changes.
    let (_, nearest) = names.min()?;
    Some(path.with_file_name(nearest))
}

/// The name nearest to one that is not there, if it is near.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = names.map(|name| (strsim::damerau_levenshtein(name, wanted), name));
    let (edits, name) = distances.min()?;
    (edits <= EDITS && edits * 3 <= wanted.chars().count()).then_some(name)
}
