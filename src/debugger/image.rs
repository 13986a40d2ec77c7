//! What a debugger shows of a program before it runs: the image that it would get of an instance, in a file.

use crate::args::{DebugImage, Run};
#[cfg(feature = "component-model")]
use crate::component;
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
    let program = Program::read(&run, &mut contents)?;
    let image = image(&program, &engine, &run)?;
    fs::write(&output, image).with_context(|| format!("cannot write {}", output.display()))
}

fn image(program: &Program<'_>, engine: &Engine, run: &Run) -> Result<Vec<u8>> {
    #[cfg(feature = "component-model")]
    if let Some(component) = program.component() {
        return component::static_image(run, engine, &component);
    }
    Ok(program.load(engine, run)?.static_image()?)
}
