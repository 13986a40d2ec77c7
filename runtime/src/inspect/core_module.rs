//! The core modules of a file: a module alone, or those of a component, each by the name that debuggers and reports call it.

use super::file::ModuleFile;
#[cfg(feature = "component-model")]
use crate::code::bundle::Bundle;
use crate::error::{Error, Result};
use crate::named_file::{DEBUG_INFO, read_at_most, read_chosen};
use crate::outline::Input;
use std::path::Path;

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
        read(path, read_chosen(path))
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
        return component::modules(Bundle::find(&bytes)?.component()?, &name);
    }
    let alone = |module| {
        vec![CoreModule {
            name: name.clone().into_owned(),
            offset: 0,
            module,
        }]
    };
    if let Some(module) = ModuleFile::of_artifact(&bytes) {
        return module.map(alone);
    }
    let input = Input::read(&bytes, Some(path))?;
    #[cfg(feature = "component-model")]
    if input.is_component() {
        return component::modules(&input.wasm, &name);
    }
    ModuleFile::of_input(path, input).map(alone)
}

/// Components as files.
#[cfg(feature = "component-model")]
pub mod component {
    use super::CoreModule;
    use crate::compile_error::CompileError;
    use crate::error::{Error, Result};
    use crate::inspect::file::ModuleFile;
    use crate::module::names::Names;
    use crate::module::sections::Sections;
    use dwalin_debuginfo::container::wasm_sections;
    use std::ops::Range;

    /// The ids of sections.
    const CORE_MODULE: u8 = 1;
    const COMPONENT: u8 = 4;

    /// The name of a core module of a component, and a fact about it.
    pub struct Described {
        /// The component's name for its program, and behind a colon the module's own, or its number, for others.
        pub name: String,
        /// True if it has debug info.
        pub has_debug_info: bool,
    }

    /// The section that modules with debug info have, and the one that names a file with it.
    pub const DEBUG_INFO: &str = ".debug_info";
    const EXTERNAL: &str = "external_debug_info";

    /// Finds a component's program among its core modules: the largest of those that somebody debugs, or of all. The first so many are in
    /// the file; others are adapters, which are nobody's program.
    pub fn program(modules: &[impl AsRef<[u8]>], in_file: usize) -> Option<usize> {
        let largest = |index: &usize| {
            let wasm = modules[*index].as_ref();
            (Facts::of(wasm).has_debug_info, wasm.len())
        };
        (0..in_file).max_by_key(largest)
    }

    /// Describes a component's core modules, in their order, of which one is the program.
    pub fn describe(
        component: &str,
        modules: &[impl AsRef<[u8]>],
        program: Option<usize>,
    ) -> Vec<Described> {
        let facts = modules.iter().map(|wasm| Facts::of(wasm.as_ref()));
        let describe = |(index, facts): (usize, Facts)| Described {
            name: match Some(index) == program {
                true => component.to_owned(),
                false => {
                    let own = facts.name.unwrap_or_else(|| index.to_string());
                    format!("{component}:{own}")
                }
            },
            has_debug_info: facts.has_debug_info,
        };
        facts.enumerate().map(describe).collect()
    }

    /// The facts that a core module has about itself.
    pub struct Facts {
        /// Its name.
        pub name: Option<String>,
        /// True if it has debug info, or says where it is.
        pub has_debug_info: bool,
    }

    impl Facts {
        /// Those of a module.
        pub fn of(wasm: &[u8]) -> Facts {
            let sections = Sections::find(wasm);
            let names = sections.custom("name").map(|names| Names::parse(names, 0));
            Facts {
                name: names.and_then(|names| names.module.map(str::to_owned)),
                has_debug_info: [DEBUG_INFO, EXTERNAL]
                    .iter()
                    .any(|name| sections.custom(name).is_some()),
            }
        }
    }

    /// The core modules of a component, those of components in it too.
    pub(super) fn modules(component: &[u8], name: &str) -> Result<Vec<CoreModule>> {
        let contents = Contents::of(component)
            .map_err(|error| Error::Compile(CompileError::Module(error.into())))?;
        let ranges = contents.modules;
        let wasm: Vec<_> = ranges.iter().map(|it| &component[it.clone()]).collect();
        let described = describe(name, &wasm, program(&wasm, wasm.len()));
        let modules = described.into_iter().zip(ranges).map(|(it, range)| {
            Ok(CoreModule {
                name: it.name,
                offset: range.start,
                module: ModuleFile::of(component[range].to_vec())?,
            })
        });
        modules.collect()
    }

    /// The contents of a component that are looked at before it is valid.
    pub struct Contents {
        /// The ranges of its core modules, those of components in it too.
        modules: Vec<Range<usize>>,
        /// The number of components that the innermost one is in, itself included.
        pub depth: usize,
    }

    impl Contents {
        /// Finds them by the binary format of the component model: sections as a module's.
        ///
        /// # Errors
        /// Where a section is cut off.
        pub fn of(component: &[u8]) -> wasmparser::Result<Contents> {
            let mut found = Contents {
                modules: Vec::new(),
                depth: 0,
            };
            let mut open = vec![(0..component.len(), 1)];
            while let Some((range, depth)) = open.pop() {
                found.depth = found.depth.max(depth);
                for section in wasm_sections(component, range) {
                    let section = section?;
                    match section.number {
                        CORE_MODULE => found.modules.push(section.contents),
                        COMPONENT => open.push((section.contents, depth + 1)),
                        _ => {}
                    }
                }
            }
            found.modules.sort_by_key(|it| it.start);
            Ok(found)
        }
    }
}
