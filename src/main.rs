//! The `dwalin` command: parse what was typed, do it, and say what went wrong.

mod args;
mod compile;
mod debugger;
mod run;

use anyhow::Context;
use args::{Command, Options};
use clap::Parser;
use debugger::formatters;
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match &Options::parse().command {
        Command::Run(options) => run::run(options),
        Command::Compile(options) => compile::compile(options).map(|()| ExitCode::SUCCESS),
        Command::Formatters { dir } => formatters::print(dir)
            .with_context(|| dir.display().to_string())
            .map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(1)
    })
}
