//! `dwalin completions` and `dwalin man`: made of the command's own definitions.

use crate::args::Options;
use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// Prints a shell's script.
pub fn complete(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Options::command(), "dwalin", &mut script);
    print!("{}", String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}

/// Writes the pages, one of each command that help shows.
pub fn pages(folder: &Path) -> Result<()> {
    let write = || {
        fs::create_dir_all(folder)?;
        clap_mangen::generate_to(Options::command(), folder)
    };
    write().with_context(|| format!("cannot write into {}", folder.display()))
}
