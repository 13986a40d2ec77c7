//! The name section (WebAssembly 2.0, appendix "Custom Sections"): names of the module, its functions and globals. It is not
//! validated; what cannot be read is as if it were not there.

use super::{ExportItem, ModuleInfo};
use crate::index::{FuncIndex, TagIndex};
use cranelift_entity::EntityRef;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{BinaryReader, Name, NameMap};

/// The subsections that can be read: wasm-ld writes the name of its output file as the module's, whatever bytes that has.
pub fn subsections<'a>(
    section: wasmparser::NameSectionReader<'a>,
) -> impl Iterator<Item = Name<'a>> {
    // Each takes a byte at least, so that there is an end.
    section.into_iter().filter_map(Result::ok)
}

/// A tag's name: from the name section, else of its export or import, else `tag[N]`.
pub fn tag_name(info: &ModuleInfo, wasm: &[u8], tag: TagIndex) -> String {
    let mut sections = info.custom.iter().filter(|(name, _)| name == "name");
    let section = sections.next().map(|(_, range)| range.clone());
    let named = section.and_then(|range| {
        let reader = BinaryReader::new(wasm.get(range)?, 0);
        subsections(wasmparser::NameSectionReader::new(reader)).find_map(|name| match name {
            Name::Tag(map) => collect(map).get(&tag.as_u32()).copied(),
            _ => None,
        })
    });
    let exported = || {
        let mut exports = info.exports.iter();
        let export = exports.find(|export| export.item == ExportItem::Tag(tag));
        export.map(|export| export.name.as_str())
    };
    let name = named.filter(|name| !name.is_empty()).or_else(exported);
    name.map_or_else(|| format!("tag[{}]", tag.as_u32()), str::to_owned)
}

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
        for name in subsections(reader) {
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

/// The names of all functions, by index. Where the name section has one it stays there: a large program's names are megabytes.
#[derive(Debug)]
pub struct FunctionNames(Vec<FunctionName>);

#[derive(Clone, Debug)]
enum FunctionName {
    /// In the module's bytes.
    There(Range<u32>),
    /// The text in place of a name that is missing, or cannot be shown as it is.
    Own(Box<str>),
}

impl FunctionNames {
    /// Of so many functions of a module, whose name section is at `section`.
    pub fn new(wasm: &[u8], section: Option<Range<usize>>, count: usize) -> FunctionNames {
        let mut found = vec![None; count];
        let section = section.and_then(|at| Some((wasm.get(at.clone())?, at.start)));
        if let Some((bytes, start)) = section {
            let reader = BinaryReader::new(bytes, start as u64);
            let reader = wasmparser::NameSectionReader::new(reader);
            for name in subsections(reader) {
                let Name::Function(map) = name else { continue };
                for naming in map.into_iter().map_while(Result::ok) {
                    if let Some(found) = found.get_mut(naming.index as usize) {
                        let start = naming.name.as_ptr() as usize - wasm.as_ptr() as usize;
                        *found = Some((start, naming.name));
                    }
                }
            }
        }
        let name = |(index, found): (usize, Option<(usize, &str)>)| match found {
            Some((start, name)) if !name.is_empty() && !name.contains('\0') => {
                FunctionName::There(start as u32..(start + name.len()) as u32)
            }
            // Names end at a NUL where they are shown.
            Some((_, name)) if !name.is_empty() => {
                FunctionName::Own(name.replace('\0', "\u{fffd}").into())
            }
            _ => FunctionName::Own(format!("wasm-function[{index}]").into()),
        };
        FunctionNames(found.into_iter().enumerate().map(name).collect())
    }

    /// The name of a function of the module whose bytes these are.
    pub fn get<'n>(&'n self, wasm: &'n [u8], index: FuncIndex) -> Option<&'n str> {
        match self.0.get(index.index())? {
            FunctionName::There(range) => {
                let bytes = wasm.get(range.start as usize..range.end as usize)?;
                std::str::from_utf8(bytes).ok()
            }
            FunctionName::Own(name) => Some(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionNames;
    use crate::index::FuncIndex;
    use cranelift_entity::EntityRef;

    #[test]
    fn names_are_those_of_the_section_where_they_can_be_shown() {
        // Subsection 1, the functions' names: of 0, 2 (with a NUL) and 3 (empty).
        let section = b"\x01\x0c\x03\x00\x02ab\x02\x03c\0d\x03\x00";
        let wasm = [&b"before"[..], section].concat();
        let names = FunctionNames::new(&wasm, Some(6..wasm.len()), 5);
        let name = |index| names.get(&wasm, FuncIndex::new(index));
        let shown = [
            "ab",
            "wasm-function[1]",
            "c\u{fffd}d",
            "wasm-function[3]",
            "wasm-function[4]",
        ];
        for (index, expected) in shown.into_iter().enumerate() {
            assert_eq!(name(index), Some(expected));
        }
        assert_eq!(name(5), None);
    }
}
