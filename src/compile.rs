//! `dwalin compile`.

use crate::args::Compile;
use anyhow::{Context, Result};
use dwalin_runtime::Engine;

/// Compiles a module into an artifact.
pub fn compile(options: &Compile) -> Result<()> {
    let engine = Engine::new(&options.code.config());
    let module = options
        .code
        .module(&engine, &options.file)
        .with_context(|| options.file.display().to_string())?;
    std::fs::write(&options.output, module.serialize())
        .with_context(|| format!("cannot write {}", options.output.display()))
}
