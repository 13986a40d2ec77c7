//! A component whose core modules are compiled.

use super::parts::{Export, Parts, take_apart};
use super::skeleton::skeleton;
use super::types::FuncType;
use crate::code::ArtifactError;
use crate::code::bundle::Bundle;
use crate::code::mapping::{Mapping, memory_file};
use crate::compiled::Module;
use crate::debug_files::DebugFiles;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::inspect::core_module::component::{Contents, Described, describe, program};
use crate::module::foreign::NotAModule;
use crate::named_file::read_chosen;
use crate::outline::Input;
use rustix::fd::OwnedFd;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use wasmparser::Parser;

/// So many components in each other are too many: to take them apart costs the square of that. Those of toolchains have less than ten.
const DEEP: usize = 1000;

/// A component that is valid and taken apart, and not compiled yet: what it imports is known before minutes are spent on its code.
pub struct Draft {
    parts: Parts,
    /// The core module that is its program.
    program: Option<usize>,
    /// The code of its core modules, where it was compiled before.
    artifacts: Option<Artifacts>,
}

/// The code of core modules: the file that it is in, and each one's place there.
struct Artifacts {
    file: Arc<OwnedFd>,
    modules: Vec<Range<usize>>,
}

impl Draft {
    /// Takes a component apart that was read.
    ///
    /// # Errors
    /// Where it is not a valid component, or needs what is later than WASI 0.2.
    pub fn from_input(input: &Input<'_>) -> Result<Draft> {
        Draft::of(&input.wasm)
    }

    fn of(wasm: &[u8]) -> Result<Draft> {
        if !Parser::is_component(wasm) {
            return Err(Error::Component(
                "this is a module and not a component: `Module::new` compiles it".to_owned(),
            ));
        }
        if let Ok(Contents {
            depth: depth @ DEEP..,
            ..
        }) = Contents::of(wasm)
        {
            return Err(Error::Component(format!(
                "the component cannot be used: its components are in each other {depth} deep"
            )));
        }
        let parts = take_apart(wasm);
        let parts = parts.map_err(|reason| {
            Error::Component(format!("the component cannot be used: {reason}"))
        })?;
        Ok(Draft {
            program: program(&parts.modules, parts.modules_in_file),
            parts,
            artifacts: None,
        })
    }

    /// Takes a component apart that was compiled before.
    ///
    /// # Safety
    /// The bytes must come from [`Component::serialize`]: they are machine code, which is run as it is.
    ///
    /// # Errors
    /// Where they are damaged.
    pub unsafe fn deserialize(bytes: &[u8]) -> Result<Draft> {
        let file = memory_file(bytes).map_err(|error| ArtifactError::Io {
            step: "make a file in memory",
            error,
        })?;
        Draft::of_artifact(file, bytes.len())
    }

    /// The same of a file, which is mapped.
    ///
    /// # Safety
    /// As [`Draft::deserialize`]; and the file must not change while the component lives.
    ///
    /// # Errors
    /// As there, and where the file cannot be read.
    pub unsafe fn deserialize_file(path: impl AsRef<Path>) -> Result<Draft> {
        let path = path.as_ref();
        let file = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (len, file) = file.map_err(|error| Error::Read {
            path: path.to_owned(),
            error,
        })?;
        Draft::of_artifact(file.into(), len as usize)
    }

    fn of_artifact(file: OwnedFd, len: usize) -> Result<Draft> {
        let bytes = Mapping::of_file(&file, 0..len).map_err(|error| ArtifactError::Io {
            step: "map the artifact",
            error,
        })?;
        let bundle = Bundle::find(&bytes)?;
        let draft = Draft::of(bundle.skeleton)?;
        let count = bundle.modules.len();
        if draft.parts.modules.len() != count || bundle.program.is_some_and(|it| it >= count) {
            return Err(Error::Component(
                "the component was compiled by another version: compile it again".to_owned(),
            ));
        }
        Ok(Draft {
            program: bundle.program,
            artifacts: Some(Artifacts {
                modules: bundle.modules,
                file: Arc::new(file),
            }),
            ..draft
        })
    }

    /// The functions and resources that it imports, each by the names that lead to it: of an interface, and in it.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = &[String]> {
        self.parts.imports.iter().map(|names| &names[..])
    }

    /// Returns true if an import, by its position, is a resource.
    pub(super) fn is_resource(&self, import: usize) -> bool {
        let mut resources = self.parts.imported_resources.iter();
        resources.any(|it| *it as usize == import)
    }

    /// Compiles its core modules, or takes their code as it is.
    ///
    /// # Errors
    /// Where one of them needs what is not supported, or has code of another version, processor or configuration. Debug info that is not
    /// found is a warning.
    pub fn compile(self, engine: &Engine, name: &str, files: &DebugFiles) -> Result<Component> {
        Component::from_draft(engine, name, self, files)
    }
}

/// A component that is ready to be instantiated. Clones share it.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    engine: Engine,
    name: String,
    parts: Arc<Parts>,
    modules: Vec<Module>,
    program: Option<usize>,
}

impl Component {
    /// Compiles a component, given in its binary form or as text.
    ///
    /// # Errors
    /// Where it is not a valid component, or needs what is later than WASI 0.2.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        Component::with_debug_files(engine, "component", bytes, &DebugFiles::new())
    }

    /// Compiles the component in a file.
    ///
    /// # Errors
    /// As [`Component::new`], and where the file cannot be read.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        let path = path.as_ref();
        let bytes = read_chosen(path).map_err(|error| Error::Read {
            path: path.to_owned(),
            error,
        })?;
        let name = path
            .file_name()
            .map_or("component".into(), |name| name.to_string_lossy());
        Component::with_debug_files(engine, &name, bytes, &DebugFiles::beside(path))
    }

    /// Compiles a component. Its name, with that of a core module, is what warnings and debuggers call the module.
    ///
    /// # Errors
    /// As [`Component::new`]. Debug info that is not found is a warning.
    pub fn with_debug_files(
        engine: &Engine,
        name: &str,
        bytes: impl AsRef<[u8]>,
        files: &DebugFiles,
    ) -> Result<Component> {
        Draft::of(&binary(bytes.as_ref())?)?.compile(engine, name, files)
    }

    fn from_draft(
        engine: &Engine,
        name: &str,
        draft: Draft,
        files: &DebugFiles,
    ) -> Result<Component> {
        let Draft {
            mut parts,
            program,
            artifacts,
        } = draft;
        let bytes = std::mem::take(&mut parts.modules);
        let described = describe(name, &bytes, program);
        let modules = bytes.iter().zip(&described).enumerate().map(
            |(
                index,
                (
                    wasm,
                    Described {
                        name,
                        has_debug_info,
                    },
                ),
            )| {
                // What has no debug info beside the program is an adapter, or a library. Split units are found by their ids.
                let generated = DebugFiles::of_generated();
                let files = match *has_debug_info || Some(index) == program {
                    true => files,
                    false => &generated,
                };
                match &artifacts {
                    // SAFETY: whoever made the draft says that these are machine code of ours.
                    Some(Artifacts { file, modules }) => unsafe {
                        let part = (file, modules[index].clone());
                        Module::deserialize_part(engine, name, part, files)
                    },
                    None => Module::with_debug_files(engine, name, wasm, files),
                }
            },
        );
        let modules = modules.collect::<Result<_>>()?;
        let parts = Arc::new(parts);
        Ok(Component(Arc::new(Inner {
            engine: engine.clone(),
            name: name.to_owned(),
            parts,
            modules,
            program,
        })))
    }

    /// The bytes to give to [`Draft::deserialize`], of a component that was compiled of `input`: what `dwalin compile` writes.
    pub fn serialize(&self, input: &Input<'_>) -> Vec<u8> {
        let modules: Vec<_> = self.0.modules.iter().map(Module::serialize).collect();
        Bundle::write(
            &skeleton(&input.wasm),
            &input.wasm,
            &modules,
            self.0.program,
        )
    }

    /// Returns true if the bytes are what [`Component::serialize`] gives.
    pub fn is_artifact(bytes: &[u8]) -> bool {
        Bundle::is_one(bytes)
    }

    /// Returns true if the bytes are a component in its binary form.
    pub fn is_component(bytes: &[u8]) -> bool {
        Parser::is_component(bytes)
    }

    /// The engine that compiled it.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The file's name, or "component".
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its core modules, in order.
    pub fn modules(&self) -> &[Module] {
        &self.0.modules
    }

    /// The core module that is the program: the largest of those with debug info, or of all.
    pub fn program(&self) -> Option<&Module> {
        self.0.program.map(|index| &self.0.modules[index])
    }

    pub(super) fn parts(&self) -> &Arc<Parts> {
        &self.0.parts
    }

    /// The functions and resources that it imports, each by the names that lead to it: of an interface, and in it.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = &[String]> {
        self.0.parts.imports.iter().map(|names| &names[..])
    }

    /// The functions that it exports, in order of their names. Those of an interface are named after it and a `#`.
    pub fn exports(&self) -> Vec<(String, Arc<FuncType>)> {
        let mut all = Vec::new();
        collect(&self.0.parts.exports, "", &mut all);
        all
    }
}

fn collect(
    exports: &BTreeMap<String, Export>,
    prefix: &str,
    all: &mut Vec<(String, Arc<FuncType>)>,
) {
    for (name, export) in exports {
        let name = format!("{prefix}{name}");
        match export {
            Export::Func { ty, .. } => all.push((name, ty.clone())),
            Export::Instance(exports) => collect(exports, &format!("{name}#"), all),
        }
    }
}

fn binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    if bytes.starts_with(b"\0asm") {
        return Ok(bytes.into());
    }
    match NotAModule::of(bytes) {
        Some(other) => Err(Error::NotAModule(other)),
        None => wat::parse_bytes(bytes).map_err(|error| Error::Wat(Box::new(error))),
    }
}
