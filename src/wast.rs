//! `dwalin wast`.

use crate::args::Wast;
use crate::files;
use anyhow::Result;
use dwalin_runtime::read_chosen;
use dwalin_wast::Failure;
use std::path::Path;
use std::process::ExitCode;

/// Runs scripts one after the other, all of them.
pub fn wast(options: &Wast) -> Result<ExitCode> {
    let config = options.config();
    let mut failed = false;
    for file in &options.files {
        let bytes = read_chosen(file).map_err(|error| files::cannot_read(file, error))?;
        let Ok(text) = String::from_utf8(bytes) else {
            anyhow::bail!("{}: not a script: it is not in UTF-8", file.display())
        };
        let run = dwalin_wast::run(&config, &text);
        match run {
            Ok(run) => {
                for failure in &run.failures {
                    say(file, failure);
                }
                let passed = run.directives - run.failures.len();
                println!(
                    "{}: {passed} of {} directives",
                    file.display(),
                    run.directives
                );
                failed |= !run.failures.is_empty();
            }
            Err(failure) => {
                say(file, &failure);
                failed = true;
            }
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

fn say(file: &Path, failure: &Failure) {
    eprintln!("error: {}:{failure}", file.display());
}
