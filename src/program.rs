//! What is to be run: a module, or what `dwalin compile` made of one.

use crate::args::Run;
use crate::files;
use anyhow::{Result, bail};
#[cfg(feature = "component-model")]
use dwalin_runtime::component::Component;
use dwalin_runtime::{Engine, Module, ModuleInput, open_chosen};
use std::io::Read;

/// The beginning of each ELF file.
const ELF: &[u8] = b"\x7fELF";

/// Bytes that tell what a file is.
const TELLING: u64 = 8;

/// A program, of the contents of its file.
pub enum Program<'a> {
    /// A module.
    Module(ModuleInput<'a>, &'a [u8]),
    /// An ELF image, which is mapped from its file.
    Artifact,
    /// The machine code of a component, which is mapped from its file.
    #[cfg(feature = "component-model")]
    ComponentArtifact,
}

/// A component that is to be run.
#[cfg(feature = "component-model")]
pub enum ToRun<'p> {
    /// The component.
    Component(&'p ModuleInput<'p>),
    /// The machine code that `dwalin compile` made of it.
    Artifact,
}

impl<'a> Program<'a> {
    /// Reads the file to be run; machine code only where that is allowed. The file is read once, into `contents`: it may be a pipe.
    pub fn read(options: &Run, contents: &'a mut Vec<u8>) -> Result<Program<'a>> {
        let path = options.file();
        let artifact = |contents: &[u8]| artifact(contents).filter(|_| options.allow_precompiled);
        let waiting = files::tell_of_waiting(path);
        let read = open_chosen(path).and_then(|mut file| {
            file.by_ref().take(TELLING).read_to_end(contents)?;
            match artifact(contents) {
                Some(_) => Ok(0),
                None => file.read_to_end(contents),
            }
        });
        drop(waiting);
        read.map_err(|error| files::cannot_read(path, error))?;
        if let Some(artifact) = artifact(contents) {
            return Ok(artifact);
        }
        let contents: &'a [u8] = contents;
        if is_machine_code(contents) {
            bail!(
                "{}: machine code, not a module: --allow-precompiled runs what `dwalin compile` wrote, as it is, with all that you may do",
                path.display()
            );
        }
        let input = ModuleInput::read(contents, Some(path));
        Ok(Program::Module(
            input.map_err(|error| files::error(error, path))?,
            contents,
        ))
    }

    /// The contents of the file of a module, as they were read.
    pub fn contents(&self) -> Option<&'a [u8]> {
        match self {
            Program::Module(_, contents) => Some(contents),
            _ => None,
        }
    }

    /// The component, if it is one.
    #[cfg(feature = "component-model")]
    pub fn component(&self) -> Option<ToRun<'_>> {
        match self {
            Program::Module(input, _) if input.is_component() => Some(ToRun::Component(input)),
            Program::ComponentArtifact => Some(ToRun::Artifact),
            _ => None,
        }
    }

    /// Compiles the module, or takes the code as it is.
    pub fn load(&self, engine: &Engine, options: &Run) -> Result<Module> {
        let of_file = |error| files::error(error, options.file());
        if let Program::Module(input, _) = self {
            let module = options.code.module_of(engine, options.file(), input);
            return module.map_err(of_file);
        }
        check_options(options)?;
        // SAFETY: the user says that the file is what `dwalin compile` wrote, and is to be run as any program is.
        let module = unsafe { Module::deserialize_file(engine, options.file()) };
        module.map_err(of_file)
    }
}

/// The program, if the beginning of its file is that of machine code.
fn artifact<'a>(beginning: &[u8]) -> Option<Program<'a>> {
    #[cfg(feature = "component-model")]
    if Component::is_artifact(beginning) {
        return Some(Program::ComponentArtifact);
    }
    beginning.starts_with(ELF).then_some(Program::Artifact)
}

/// Refuses options that do nothing for what was compiled before.
pub fn check_options(options: &Run) -> Result<()> {
    if options.code.dwp.is_some() || !options.code.map_path.is_empty() {
        bail!(
            "{}: --dwp and --map-path: the artifact has the debug info that it was compiled with; give them to `dwalin compile`",
            options.file().display()
        );
    }
    Ok(())
}

/// Returns true for what `dwalin compile` writes.
fn is_machine_code(contents: &[u8]) -> bool {
    #[cfg(feature = "component-model")]
    if Component::is_artifact(contents) {
        return true;
    }
    contents.starts_with(ELF) && Module::is_artifact(contents)
}
