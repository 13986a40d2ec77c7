//! What a debugger shows of a program before it runs: the image that it would get of an instance, in a file.

use crate::args::DebugImage;
use crate::program::Program;
use anyhow::{Context, Result};
use dwalin_runtime::Engine;
use std::fs;

/// Writes the image. The program's code is kept as it is for `dwalin run`, which then need not compile it again.
pub fn write(options: DebugImage) -> Result<()> {
    let (mut run, output) = (options.run, options.output);
    // Nothing runs that could be profiled.
    run.profile = None;
    let mut config = run.config()?;
    // `dwalin run` says it.
    config.warning(|_| {});
    let engine = Engine::new(&config);
    let mut contents = Vec::new();
    let module = Program::read(&run, &mut contents)?.load(&engine, &run)?;
    let image = module.static_image()?;
    fs::write(&output, image).with_context(|| format!("cannot write {}", output.display()))
}
