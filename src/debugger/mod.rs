//! The subcommands that start a debugger on `dwalin run -g`, and what debuggers load.

mod command_line;
pub mod formatters;
pub mod gdb;
pub mod handed_over;
pub mod hint;
pub mod image;
pub mod lldb;
pub mod nearest;
pub mod own_options;
pub mod replayed;
mod scripts;
pub mod setup;

use std::path::Path;

/// Returns the message for a debugger that is not installed.
fn cannot_be_started(kind: &str, path: &Path) -> String {
    let (path, variable) = (path.display(), kind.to_uppercase());
    format!(
        "{path} cannot be started; install {kind}, or name one with --{kind} PATH or the environment's {variable}"
    )
}

/// A string literal of Python, on one line.
fn python(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
            c => c.into(),
        })
        .collect();
    format!("'{escaped}'")
}
