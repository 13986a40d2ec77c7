//! The core modules of a file: a module alone, or those of a component, each by the name that debuggers and reports call it.

use super::file::ModuleFile;
#[cfg(feature = "component-model")]
use crate::code::bundle::Bundle;
use crate::error::{Error, Result};
use crate::named_file::{DEBUG_INFO, read_at_most};
use std::path::Path;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// A core module of a file.
pub struct CoreModule {
    /// Its name: the file's, and behind a colon that of a part of a component which is not its program.
    pub name: String,
    /// Bytes of the file before it.
    pub offset: usize,
    /// The module.
    pub module: ModuleFile,
}

impl CoreModule {
    /// Reads the modules in a file: a module as [`ModuleFile::open`] takes it, or those of a component in its binary form or as text, in
    /// their order.
    ///
    /// # Errors
    /// Where the file cannot be read or holds no module.
    pub fn open_all(path: impl AsRef<Path>) -> Result<Vec<CoreModule>> {
        let path = path.as_ref();
        read(path, std::fs::read(path))
    }

    /// As [`CoreModule::open_all`], of a file that nobody chose: a core dump names it.
    ///
    /// # Errors
    /// As [`CoreModule::open_all`], and where it is no regular file.
    pub fn open_all_named(path: impl AsRef<Path>) -> Result<Vec<CoreModule>> {
        let path = path.as_ref();
        read(path, read_at_most(path, DEBUG_INFO))
    }

    /// Returns true if a byte of the file is the module's.
    pub fn contains(&self, file_offset: usize) -> bool {
        let in_module = file_offset.checked_sub(self.offset);
        in_module.is_some_and(|offset| offset < self.module.wasm().len())
    }
}

fn read(path: &Path, bytes: std::io::Result<Vec<u8>>) -> Result<Vec<CoreModule>> {
    let bytes = bytes.map_err(|error| Error::Read {
        path: path.to_owned(),
        error,
    })?;
    let file_name = path.file_name().unwrap_or(path.as_os_str());
    let name = file_name.to_string_lossy();
    #[cfg(feature = "component-model")]
    if Bundle::is_one(&bytes) {
        return component::modules(Bundle::read(&bytes)?.component, &name);
    }
    #[cfg(feature = "component-model")]
    if let Some(component) = component::binary(&bytes) {
        return component::modules(&component, &name);
    }
    Ok(vec![CoreModule {
        name: name.into_owned(),
        offset: 0,
        module: ModuleFile::of_file(path, &bytes)?,
    }])
}

/// The names of a component's core modules, in their order, and which of them is its program: the largest of those that somebody debugs, or of all.
pub fn names(component: &str, modules: &[impl AsRef<[u8]>]) -> (Vec<String>, Option<usize>) {
    let described = modules.iter().map(|wasm| Described::of(wasm.as_ref()));
    let described: Vec<_> = described.collect();
    let largest = |index: &usize| {
        let len = modules[*index].as_ref().len();
        (described[*index].has_debug_info, len)
    };
    let program = (0..modules.len()).max_by_key(largest);
    let name = |(index, described): (usize, &Described)| match Some(index) == program {
        true => component.to_owned(),
        false => {
            let own = described.name.clone();
            format!("{component}:{}", own.unwrap_or_else(|| index.to_string()))
        }
    };
    (described.iter().enumerate().map(name).collect(), program)
}

/// Returns true if a core module has debug info.
#[cfg(feature = "component-model")]
pub fn has_debug_info(wasm: &[u8]) -> bool {
    Described::of(wasm).has_debug_info
}

/// The facts that a core module has about itself.
#[derive(Default)]
struct Described {
    name: Option<String>,
    has_debug_info: bool,
}

impl Described {
    fn of(wasm: &[u8]) -> Described {
        let mut described = Described::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let Ok(payload) = payload else { break };
            let Payload::CustomSection(section) = payload else {
                continue;
            };
            described.has_debug_info |= section.name() == ".debug_info";
            let KnownCustom::Name(names) = section.as_known() else {
                continue;
            };
            let name = names.into_iter().find_map(|name| match name {
                Ok(Name::Module { name, .. }) => Some(name.to_owned()),
                _ => None,
            });
            described.name = described.name.or(name);
        }
        described
    }
}

/// Components as files.
#[cfg(feature = "component-model")]
mod component {
    use super::{CoreModule, names};
    use crate::compile::CompileError;
    use crate::error::{Error, Result};
    use crate::inspect::file::ModuleFile;
    use crate::outline::Input;
    use std::borrow::Cow;
    use std::ops::Range;
    use wasmparser::{BinaryReader, Parser};

    /// Bytes of the magic number, the version and the layer.
    const PREAMBLE: usize = 8;
    /// The ids of sections.
    const CORE_MODULE: u8 = 1;
    const COMPONENT: u8 = 4;

    /// The binary form of a component; `None` for all else.
    pub fn binary(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
        let wasm = match bytes.starts_with(b"\0asm") {
            true => bytes.into(),
            false => Input::read(bytes, None).ok()?.wasm,
        };
        Parser::is_component(&wasm).then_some(wasm)
    }

    /// The core modules of a component, those of components in it too.
    pub fn modules(component: &[u8], name: &str) -> Result<Vec<CoreModule>> {
        let ranges = ranges(component);
        let ranges = ranges.map_err(|error| Error::Compile(CompileError::Module(error.into())))?;
        let wasm: Vec<_> = ranges.iter().map(|it| &component[it.clone()]).collect();
        let (names, _) = names(name, &wasm);
        let modules = names.into_iter().zip(ranges).map(|(name, range)| {
            Ok(CoreModule {
                name,
                offset: range.start,
                module: ModuleFile::of(component[range].to_vec())?,
            })
        });
        modules.collect()
    }

    /// The ranges of core modules in a component, and in those that it has, by the binary format of the component model: a preamble, then
    /// sections of an id, a length and contents.
    fn ranges(component: &[u8]) -> wasmparser::Result<Vec<Range<usize>>> {
        let (mut found, mut open) = (Vec::new(), vec![0..component.len()]);
        while let Some(range) = open.pop() {
            let mut inner = Vec::new();
            let mut reader = BinaryReader::new(&component[range.clone()], range.start as u64);
            reader.read_bytes(PREAMBLE)?;
            while !reader.eof() {
                let id = reader.read_u8()?;
                let contents = reader.read_reader()?.range();
                let contents = contents.start as usize..contents.end as usize;
                match id {
                    CORE_MODULE => found.push(contents),
                    COMPONENT => inner.push(contents),
                    _ => {}
                }
            }
            open.extend(inner.into_iter().rev());
        }
        found.sort_by_key(|it| it.start);
        Ok(found)
    }
}
