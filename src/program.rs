//! What is to be run: a module, or what `dwalin compile` made of one.

use crate::args::Run;
use anyhow::{Result, bail};
use dwalin_runtime::{Engine, Error, Module};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The contents of a program's file, which is read once: it may be a pipe.
pub enum Program {
    /// A module, in its binary form or as text.
    Module(Vec<u8>),
    /// An ELF image, which is mapped from its file.
    Artifact,
}

impl Program {
    /// Reads the file that is to be run; machine code only where that is allowed.
    pub fn read(options: &Run) -> Result<Program> {
        let path = options.file();
        let bytes = contents(path).map_err(|error| Error::Read {
            path: path.to_owned(),
            error,
        })?;
        let Some(bytes) = bytes else {
            if !options.allow_precompiled {
                bail!(
                    "machine code, not a module: --allow-precompiled runs what `dwalin compile` wrote, as it is, with all that you may do"
                );
            }
            return Ok(Program::Artifact);
        };
        Ok(Program::Module(bytes))
    }

    /// Compiles the module, or takes the code as it is.
    pub fn load(&self, engine: &Engine, options: &Run) -> Result<Module> {
        let bytes = match self {
            Program::Module(bytes) => bytes,
            Program::Artifact
                if options.code.dwp.is_some() || !options.code.map_path.is_empty() =>
            {
                bail!(
                    "--dwp and --map-path: the artifact has the debug info that it was compiled with; give them to `dwalin compile`"
                )
            }
            Program::Artifact => {
                // SAFETY: the user says that the file is what `dwalin compile` wrote, and is to be run as any program is.
                let module = unsafe { Module::deserialize_file(engine, options.file()) };
                return Ok(module?);
            }
        };
        Ok(options.code.module_of(engine, options.file(), bytes)?)
    }
}

/// All of a file, or nothing where it is an ELF image.
fn contents(path: &Path) -> io::Result<Option<Vec<u8>>> {
    const ELF: &[u8] = b"\x7fELF";
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref()
        .take(ELF.len() as u64)
        .read_to_end(&mut bytes)?;
    if bytes == ELF {
        return Ok(None);
    }
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
