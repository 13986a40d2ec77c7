//! `dwalin compile`.

use crate::args::Compile;
use crate::files;
use crate::progress::Progress;
use crate::run::say_text;
use anyhow::{Context, Result};
use dwalin_runtime::Engine;
use std::path::Path;

/// Compiles a module into an artifact.
pub fn compile(options: &Compile) -> Result<()> {
    let engine = Engine::new(&options.config());
    let progress = Progress::of(&options.file);
    let module = options
        .code
        .module(&engine, &options.file)
        .map_err(|error| files::error(error, &options.file))?;
    drop(progress);
    say_text(&module, &options.file);
    write(&options.output, module.serialize())?;
    if let Some(path) = &options.debug_image {
        write(path, &module.debug_image()?)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
