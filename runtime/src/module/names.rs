//! The name section (WebAssembly 2.0, appendix "Custom Sections"): names of the module, its functions and globals. It is not
//! validated; what cannot be read is as if it were not there.

use crate::index::FuncIndex;
use cranelift_entity::EntityRef;
use std::collections::HashMap;
use wasmparser::{BinaryReader, Name, NameMap};

/// The names in a module's name section.
#[derive(Default, Debug)]
pub struct Names<'a> {
    /// Of the module.
    pub module: Option<&'a str>,
    functions: HashMap<u32, &'a str>,
}

impl<'a> Names<'a> {
    /// Reads the contents of a name section that starts at `offset` of the file.
    pub fn parse(section: &'a [u8], offset: usize) -> Names<'a> {
        let mut names = Names::default();
        let reader = wasmparser::NameSectionReader::new(BinaryReader::new(section, offset as u64));
        for name in reader.into_iter().map_while(Result::ok) {
            match name {
                Name::Module { name, .. } => names.module = Some(name),
                Name::Function(map) => names.functions = collect(map),
                _ => {}
            }
        }
        names
    }

    /// A function's name, where the section has one.
    pub fn get(&self, index: u32) -> Option<&'a str> {
        let name = self.functions.get(&index).copied();
        name.filter(|name| !name.is_empty())
    }

    /// A function's name: from the section, else `wasm-function[N]`, as other tools print it.
    pub fn function(&self, index: FuncIndex) -> String {
        match self.functions.get(&(index.index() as u32)) {
            // Names end at a NUL where they are shown.
            Some(name) if !name.is_empty() => name.replace('\0', "\u{fffd}"),
            _ => format!("wasm-function[{}]", index.index()),
        }
    }
}

fn collect(map: NameMap<'_>) -> HashMap<u32, &str> {
    map.into_iter()
        .map_while(Result::ok)
        .map(|naming| (naming.index, naming.name))
        .collect()
}
