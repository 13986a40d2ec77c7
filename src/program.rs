//! What is to be run: a module, or what `dwalin compile` made of one.

use crate::args::Run;
use crate::files;
use anyhow::{Result, bail};
use dwalin_runtime::{Engine, Module, ModuleInput};
use std::fs::File;
use std::io::Read;

/// The beginning of each ELF file.
const ELF: &[u8] = b"\x7fELF";

/// A program, of the contents of its file.
pub enum Program<'a> {
    /// A module.
    Module(ModuleInput<'a>, &'a [u8]),
    /// An ELF image, which is mapped from its file.
    Artifact,
}

impl<'a> Program<'a> {
    /// Reads the file to be run; machine code only where that is allowed. The file is read once, into `contents`: it may be a pipe.
    pub fn read(options: &Run, contents: &'a mut Vec<u8>) -> Result<Program<'a>> {
        let path = options.file();
        let is_artifact = |contents: &[u8]| options.allow_precompiled && contents == ELF;
        let read = File::open(path).and_then(|mut file| {
            file.by_ref().take(ELF.len() as u64).read_to_end(contents)?;
            match is_artifact(contents) {
                true => Ok(0),
                false => file.read_to_end(contents),
            }
        });
        read.map_err(|error| files::cannot_read(path, error))?;
        if is_artifact(contents) {
            return Ok(Program::Artifact);
        }
        if contents.starts_with(ELF) {
            if Module::is_artifact(contents) {
                bail!(
                    "{}: machine code, not a module: --allow-precompiled runs what `dwalin compile` wrote, as it is, with all that you may do",
                    path.display()
                );
            }
        }
        let contents: &'a [u8] = contents;
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
            Program::Artifact => None,
        }
    }

    /// The component, if it is one.
    #[cfg(feature = "component-model")]
    pub fn component(&self) -> Option<&ModuleInput<'a>> {
        match self {
            Program::Module(input, _) if input.is_component() => Some(input),
            _ => None,
        }
    }

    /// Compiles the module, or takes the code as it is.
    pub fn load(&self, engine: &Engine, options: &Run) -> Result<Module> {
        let of_file = |error| files::error(error, options.file());
        let input = match self {
            Program::Module(input, _) => input,
            Program::Artifact
                if options.code.dwp.is_some() || !options.code.map_path.is_empty() =>
            {
                bail!(
                    "{}: --dwp and --map-path: the artifact has the debug info that it was compiled with; give them to `dwalin compile`",
                    options.file().display()
                )
            }
            Program::Artifact => {
                // SAFETY: the user says that the file is what `dwalin compile` wrote, and is to be run as any program is.
                let module = unsafe { Module::deserialize_file(engine, options.file()) };
                return module.map_err(of_file);
            }
        };
        let module = options.code.module_of(engine, options.file(), input);
        module.map_err(of_file)
    }
}
