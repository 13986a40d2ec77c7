//! `dwalin compile`.

use crate::args::Compile;
use crate::files;
use crate::progress::Progress;
use crate::run::say_text;
use anyhow::{Context, Result};
#[cfg(feature = "component-model")]
use dwalin_runtime::component::Draft;
use dwalin_runtime::{Engine, Error, Module, ModuleInput};
use std::path::Path;

/// Compiles a module or a component into an artifact.
pub fn compile(options: &Compile) -> Result<()> {
    for path in [&options.output].into_iter().chain(&options.debug_image) {
        files::keep(&options.file, path).with_context(|| cannot_write(path))?;
    }
    let engine = Engine::new(&options.config());
    let progress = Progress::of(&options.file);
    let compiled = compiled(options, &engine).map_err(|error| files::error(error, &options.file));
    let (bundle, program) = compiled?;
    drop(progress);
    say_text(&program, &options.file);
    match &bundle {
        Some(bundle) => write(&options.output, bundle)?,
        None => write(&options.output, program.serialize())?,
    }
    if let Some(path) = &options.debug_image {
        write(path, &program.debug_image()?)?;
    }
    Ok(())
}

/// The artifact of a component, and the module that is the program.
fn compiled(options: &Compile, engine: &Engine) -> Result<(Option<Vec<u8>>, Module), Error> {
    let path = &options.file;
    let bytes = files::read(path)?;
    let input = ModuleInput::read(&bytes, Some(path))?;
    #[cfg(feature = "component-model")]
    if input.is_component() {
        let draft = Draft::from_input(&input)?;
        let component = options.code.component_of(engine, path, draft)?;
        let Some(program) = component.program().cloned() else {
            let message = "the component has no code of its own";
            return Err(Error::Component(message.to_owned()));
        };
        return Ok((Some(component.serialize(&input)), program));
    }
    Ok((None, options.code.module_of(engine, path, &input)?))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
