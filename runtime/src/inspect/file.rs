//! A module as a file to look things up in: nothing of it is validated or compiled, so that tools work on modules that the
//! runtime would refuse.

use crate::code::Artifact;
use crate::compile_error::CompileError;
use crate::error::{Error, Result};
use crate::index::FuncIndex;
use crate::module::identity::identity;
use crate::module::instructions::Instructions;
use crate::module::names::Names;
use crate::module::sections::{Sections, items, to_usize};
use crate::named_file::read_chosen;
use crate::outline::{self, Input, Origins};
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::{CodeSection, WasmPc};
use dwalin_debuginfo::merge::PathMap;
use dwalin_debuginfo::{
    SourceFrame, Stale, Symbolizer, WasmDwarf, container, demangle, stale, with_function_count,
};
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;
use wasmparser::{ExternalKind, TypeRef};

/// A module's bytes, and where the parts are that places in it are named by.
pub struct ModuleFile {
    wasm: Vec<u8>,
    code_section: CodeSection,
    bodies: Vec<Range<usize>>,
    imported_functions: usize,
    exports: Vec<(u32, String)>,
    custom: Vec<(String, Range<usize>)>,
    symbolizer: Symbolizer,
    stale: Option<Stale>,
    identity: OnceLock<u64>,
}

/// The function and instruction at an offset of a module.
#[derive(Clone, Debug)]
pub struct Location {
    /// Bytes from the start of the file.
    pub file_offset: usize,
    /// Bytes from the start of the code section's contents: what DWARF calls an address.
    pub code_offset: u32,
    /// The function's index.
    pub func_index: u32,
    /// Its name from the name section or an export, demangled; else its number.
    pub func_name: String,
    /// The source positions, the innermost inlined function first; empty where none is known.
    pub frames: Vec<SourceFrame>,
}

impl ModuleFile {
    /// Reads a module: binary, as text, or inside an artifact of `dwalin compile`.
    ///
    /// # Errors
    /// Where the file cannot be read or holds no module.
    pub fn open(path: impl AsRef<Path>) -> Result<ModuleFile> {
        let path = path.as_ref();
        let bytes = read_chosen(path).map_err(|error| Error::Read {
            path: path.to_owned(),
            error,
        })?;
        ModuleFile::of_file(path, &bytes)
    }

    /// For the contents of a file.
    fn of_file(path: &Path, bytes: &[u8]) -> Result<ModuleFile> {
        if let Some(module) = ModuleFile::of_artifact(bytes) {
            return module;
        }
        ModuleFile::of_input(path, Input::read(bytes, Some(path))?)
    }

    /// For the module in an artifact; `None` where the bytes are none.
    pub(super) fn of_artifact(bytes: &[u8]) -> Option<Result<ModuleFile>> {
        Artifact::is_one(bytes).then(|| ModuleFile::of(Artifact::module_in(bytes)?.to_vec()))
    }

    /// For a module that was read from a file.
    pub(super) fn of_input(path: &Path, Input { wasm, text }: Input<'_>) -> Result<ModuleFile> {
        let origins = Origins {
            name: "",
            file: Some(path),
            text: text.as_ref(),
            print: false,
            folder: None,
            paths: &PathMap::default(),
        };
        let outlined = outline::add(&wasm, &origins);
        ModuleFile::of(outlined.module.unwrap_or_else(|| wasm.into_owned()))
    }

    /// For a module's bytes.
    ///
    /// # Errors
    /// Where its sections cannot be found.
    pub fn of(wasm: Vec<u8>) -> Result<ModuleFile> {
        let mut file = ModuleFile::scan(&wasm)
            .map_err(|error| Error::Compile(CompileError::Module(error.into())))?;
        file.wasm = wasm;
        let code = file.code_section.contents(&file.wasm);
        let bodies = container::bodies(code);
        let stale = stale(&file.dwarf(), &bodies);
        if stale.is_some()
            && let Some(counted) = with_function_count(&file.wasm, &file.dwarf(), code, &bodies)
        {
            return ModuleFile::of(counted);
        }
        file.stale = stale;
        file.symbolizer = Symbolizer::new(&file.dwarf(), code, bodies);
        Ok(file)
    }

    /// The parts of a module by which places in it are named.
    fn scan(wasm: &[u8]) -> wasmparser::Result<ModuleFile> {
        let mut sections = Sections::find(wasm);
        if let Some(damage) = sections.damage.take() {
            return Err(damage);
        }
        let mut imported_functions = 0;
        for import in sections.imports() {
            imported_functions += usize::from(matches!(import?.ty, TypeRef::Func(_)));
        }
        let mut exports = Vec::new();
        for export in items(&sections.exports) {
            let export = export?;
            if export.kind == ExternalKind::Func {
                exports.push((export.index, export.name.to_owned()));
            }
        }
        let bodies = sections.bodies.iter().map(|body| to_usize(body.range()));
        Ok(ModuleFile {
            wasm: Vec::new(),
            bodies: bodies.collect(),
            imported_functions,
            exports,
            custom: sections.named(),
            code_section: sections.code,
            symbolizer: Symbolizer::new(&WasmDwarf::default(), &[], Vec::new()),
            stale: None,
            identity: OnceLock::new(),
        })
    }

    /// The identity of this build of the module.
    pub(crate) fn identity(&self) -> u64 {
        *self.identity.get_or_init(|| identity(&self.wasm))
    }

    /// The module's bytes.
    pub fn wasm(&self) -> &[u8] {
        &self.wasm
    }

    /// Its debug sections; none where they are of other code.
    pub fn dwarf(&self) -> WasmDwarf<'_> {
        if self.stale.is_some() {
            return WasmDwarf::default();
        }
        let custom = self.custom.iter();
        WasmDwarf::new(custom.map(|(name, range)| (name.as_str(), &self.wasm[range.clone()])))
    }

    /// The evidence that its debug info is of other code, if there is any.
    pub fn stale(&self) -> Option<Stale> {
        self.stale
    }

    /// Returns true if it has debug info.
    pub fn has_dwarf(&self) -> bool {
        !self.dwarf().is_empty()
    }

    /// The contents of the code section in the file.
    pub fn code_section(&self) -> Range<usize> {
        self.code_section.0.clone()
    }

    /// The function whose body an offset of the file is in: its number among those defined.
    fn body_at(&self, file_offset: usize) -> Option<usize> {
        let index = self
            .bodies
            .partition_point(|body| body.start <= file_offset)
            .checked_sub(1)?;
        self.bodies[index].contains(&file_offset).then_some(index)
    }

    /// A function's name, by its index: demangled, from the name section or an export, else its number.
    pub fn function_name(&self, func: u32) -> String {
        let names = self.custom.iter().find(|(name, _)| name == "name");
        let names = names.map_or_else(Names::default, |(_, range)| {
            Names::parse(&self.wasm[range.clone()], range.start)
        });
        let name = names.function(FuncIndex::new(func as usize));
        let exported = || {
            let found = self.exports.iter().find(|(index, _)| *index == func);
            found.map(|(_, name)| name.clone())
        };
        let name = match name.starts_with("wasm-function[") {
            true => exported().unwrap_or(name),
            false => name,
        };
        demangle(&name).into_owned()
    }

    /// Returns the location of an offset of the file; `None` outside functions.
    pub fn at_file_offset(&self, file_offset: usize) -> Option<Location> {
        let func = (self.imported_functions + self.body_at(file_offset)?) as u32;
        let pc = self.code_section.pc(file_offset)?;
        Some(Location {
            file_offset,
            code_offset: pc.0,
            func_index: func,
            func_name: self.function_name(func),
            frames: self.symbolizer.frames(pc),
        })
    }

    /// The symbolizer of source positions and variables.
    pub(crate) fn symbolizer(&self) -> &Symbolizer {
        &self.symbolizer
    }

    /// Returns the location of an offset of the code section; `None` outside functions.
    pub fn at_code_offset(&self, code_offset: u32) -> Option<Location> {
        self.at_file_offset(self.code_section.file_offset(WasmPc(code_offset)))
    }

    /// The body of a function in the file, by its index; `None` for an import.
    pub fn body(&self, func: u32) -> Option<Range<usize>> {
        let defined = (func as usize).checked_sub(self.imported_functions)?;
        self.bodies.get(defined).cloned()
    }

    /// The instructions of functions that have a body, by their indices; none where the module is invalid.
    pub fn instructions(&self, functions: Range<u32>) -> Instructions {
        let bodies: Vec<_> = functions.map_while(|func| self.body(func)).collect();
        Instructions::of(&self.wasm, &bodies)
    }

    /// The indices of the functions that have a body.
    pub fn functions(&self) -> Range<u32> {
        let imported = self.imported_functions;
        imported as u32..(imported + self.bodies.len()) as u32
    }
}
