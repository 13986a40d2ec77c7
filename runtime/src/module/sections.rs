//! A module's sections, found but not decoded: a reader for each. Nothing is validated, and what is of interest is read by whoever is
//! interested: all of it where a module is compiled, up to the damage where tools look into it.

use dwalin_debuginfo::address::CodeSection;
use std::ops::Range;
use wasmparser::{
    CustomSectionReader, DataSectionReader, ElementSectionReader, Error, ExportSectionReader,
    FunctionBody, FunctionSectionReader, GlobalSectionReader, Import, ImportSectionReader,
    MemorySectionReader, Parser, Payload, Result, SectionLimited, TableSectionReader,
    TagSectionReader, TypeSectionReader,
};

/// The sections of a module (WebAssembly 3.0, section 5.5).
#[derive(Default)]
pub struct Sections<'a> {
    /// Types.
    pub types: Option<TypeSectionReader<'a>>,
    /// Imports.
    pub imports: Option<ImportSectionReader<'a>>,
    /// The types of defined functions.
    pub functions: Option<FunctionSectionReader<'a>>,
    /// Tables.
    pub tables: Option<TableSectionReader<'a>>,
    /// Memories.
    pub memories: Option<MemorySectionReader<'a>>,
    /// Tags.
    pub tags: Option<TagSectionReader<'a>>,
    /// Globals.
    pub globals: Option<GlobalSectionReader<'a>>,
    /// Exports.
    pub exports: Option<ExportSectionReader<'a>>,
    /// The start function, and where its section is in the file.
    pub start: Option<(u32, Range<u64>)>,
    /// Element segments.
    pub elements: Option<ElementSectionReader<'a>>,
    /// Data segments.
    pub data: Option<DataSectionReader<'a>>,
    /// The place of the code section.
    pub code: CodeSection,
    /// The bodies of functions, from the locals' declaration on.
    pub bodies: Vec<FunctionBody<'a>>,
    /// Custom sections, in their order.
    pub custom: Vec<CustomSectionReader<'a>>,
    /// The reason why what is after these is not there.
    pub damage: Option<Error>,
}

impl<'a> Sections<'a> {
    /// Finds all sections of a module.
    pub fn find(wasm: &'a [u8]) -> Sections<'a> {
        Sections::find_until(wasm, |_| false)
    }

    /// Finds the sections before the code.
    pub fn find_before_code(wasm: &'a [u8]) -> Sections<'a> {
        Sections::find_until(wasm, |it| matches!(it, Payload::CodeSectionStart { .. }))
    }

    fn find_until(wasm: &'a [u8], is_end: impl Fn(&Payload<'a>) -> bool) -> Sections<'a> {
        let mut found = Sections::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload {
                Ok(payload) if is_end(&payload) => break,
                Ok(payload) => found.add(payload),
                Err(damage) => {
                    found.damage = Some(damage);
                    break;
                }
            }
        }
        found
    }

    fn add(&mut self, payload: Payload<'a>) {
        match payload {
            Payload::TypeSection(section) => self.types = Some(section),
            Payload::ImportSection(section) => self.imports = Some(section),
            Payload::FunctionSection(section) => self.functions = Some(section),
            Payload::TableSection(section) => self.tables = Some(section),
            Payload::MemorySection(section) => self.memories = Some(section),
            Payload::TagSection(section) => self.tags = Some(section),
            Payload::GlobalSection(section) => self.globals = Some(section),
            Payload::ExportSection(section) => self.exports = Some(section),
            Payload::StartSection { func, range } => self.start = Some((func, range)),
            Payload::ElementSection(section) => self.elements = Some(section),
            Payload::DataSection(section) => self.data = Some(section),
            Payload::CodeSectionStart {
                unchecked_range, ..
            } => self.code = CodeSection(to_usize(unchecked_range)),
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) => self.custom.push(section),
            _ => {}
        }
    }

    /// The imports.
    pub fn imports(&self) -> impl Iterator<Item = Result<Import<'a>>> + use<'a> {
        let section = self.imports.clone().into_iter();
        section.flat_map(|section| section.into_imports())
    }

    /// The contents of the first custom section of a name.
    pub fn custom(&self, name: &str) -> Option<&'a [u8]> {
        let mut custom = self.custom.iter();
        let section = custom.find(|section| section.name() == name)?;
        Some(section.data())
    }

    /// The custom sections by name, with the place of their contents in the file.
    pub fn named(&self) -> Vec<(String, Range<usize>)> {
        let named = self.custom.iter().map(|section| {
            let contents = section.data_offset()..section.range().end;
            (section.name().to_owned(), to_usize(contents))
        });
        named.collect()
    }
}

/// The items of a section, none where there is no such section.
pub fn items<'a, T: wasmparser::FromReader<'a>>(
    section: &Option<SectionLimited<'a, T>>,
) -> impl Iterator<Item = Result<T>> + use<'a, T> {
    section.clone().into_iter().flatten()
}

/// A range of a file.
pub fn to_usize(range: Range<u64>) -> Range<usize> {
    range.start as usize..range.end as usize
}
