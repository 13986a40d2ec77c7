//! A compiled module, as embedders hold it.

use crate::abi::frame::value_type;
use crate::abi::layout::VmLayout;
use crate::code::{Artifact, PlacedCode};
use crate::debug_files::{Completed, DebugFiles};
use crate::describe::image;
use crate::describe::places::Places;
use crate::describe::shown::ShownCodes;
use crate::engine::Engine;
use crate::error::Result;
use crate::index::*;
use crate::module::reference::HeapType;
use crate::module::types::{ExternType, FuncType, GlobalType, MemoryType};
use crate::module::{ModuleInfo, initial_memory};
use crate::outline::{self, Origins, Text};
use crate::report::library::is_library_file;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::{HostAddress, WasmPc};
use dwalin_debuginfo::check::Check;
use dwalin_debuginfo::code::{Contents, GlobalAddress, GlobalPlace, HeapPlace, MemoryPlace};
use dwalin_debuginfo::container::Container;
use dwalin_debuginfo::{SourceFrame, Symbolizer, Warning, WarningKind, WasmDwarf, files};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A module that is ready to be instantiated. Clones share it.
#[derive(Clone)]
pub struct Module(Arc<Inner>);

struct Inner {
    engine: Engine,
    name: String,
    layout: VmLayout,
    type_ids: Box<[SharedTypeId]>,
    /// The types of imports, as types of the engine.
    imports: Box<[ExternType]>,
    // Shared by all instances where there is no debug info.
    placed: OnceLock<Arc<PlacedCode>>,
    /// With debug info, the code and images of instances that have all memories in common with further ones.
    shown: ShownCodes,
    symbolizer: OnceLock<Symbolizer>,
    // Where to look for debug info that nobody asked for yet.
    debug_files: Option<DebugFiles>,
    warnings: Vec<Warning>,
    artifact: Artifact,
}

fn shared(ty: HeapType, ids: &[SharedTypeId]) -> HeapType {
    match ty {
        HeapType::Defined(index) => HeapType::Shared(ids[index.index()]),
        ty => ty,
    }
}

fn shared_imports(info: &ModuleInfo, ids: &[SharedTypeId]) -> Box<[ExternType]> {
    let imports = info.imports.iter();
    let imports = imports.map(|import| import.ty.map(&|heap| shared(heap, ids)));
    imports.collect()
}

impl Module {
    /// The bytes to give to [`Module::deserialize`]: what `dwalin compile` writes.
    pub fn serialize(&self) -> &[u8] {
        self.0.artifact.bytes()
    }

    /// A module that was compiled before.
    ///
    /// # Safety
    /// The bytes must come from [`Module::serialize`]: they are machine code, which is run as it is.
    ///
    /// # Errors
    /// Where it was compiled by another version, for another processor or with another configuration.
    pub unsafe fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Module> {
        let artifact = Artifact::from_bytes(bytes, &engine.config().settings())?;
        Module::of(engine, "wasm", artifact, Vec::new(), None)
    }

    /// Returns true if the bytes of an ELF file are what [`Module::serialize`] gives, of whatever version; without its checksum.
    pub fn is_artifact(bytes: &[u8]) -> bool {
        Artifact::is_one(bytes)
    }

    /// A module that was compiled before, mapped from its file.
    ///
    /// # Safety
    /// As [`Module::deserialize`]; and the file must not change while the module lives.
    ///
    /// # Errors
    /// As [`Module::deserialize`].
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let artifact = Artifact::open(path, &engine.config().settings())?;
        let name = path.file_name().map_or_else(
            || "wasm".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        let files = DebugFiles::beside(path);
        outline::restore(artifact.info(), artifact.wasm(), engine.config(), &name);
        Module::of(engine, &name, artifact, Vec::new(), Some(files))
    }

    /// As [`Module::deserialize_file`] of a range of a file that begins at a page, with a name and debug info that may be in other files.
    ///
    /// # Safety
    /// As there.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "component-model")]
    pub(crate) unsafe fn deserialize_part(
        engine: &Engine,
        name: &str,
        (file, range): (&Arc<rustix::fd::OwnedFd>, std::ops::Range<usize>),
        files: &DebugFiles,
    ) -> Result<Module> {
        let artifact = Artifact::in_file(file, range, &engine.config().settings())?;
        outline::restore(artifact.info(), artifact.wasm(), engine.config(), name);
        Module::of(engine, name, artifact, Vec::new(), Some(files.clone()))
    }

    pub(crate) fn of(
        engine: &Engine,
        name: &str,
        artifact: Artifact,
        warnings: Vec<Warning>,
        debug_files: Option<DebugFiles>,
    ) -> Result<Module> {
        let info = artifact.info();
        let type_ids = engine.type_ids(info)?;
        Ok(Module(Arc::new(Inner {
            engine: engine.clone(),
            name: name.to_owned(),
            layout: VmLayout::new(info),
            imports: shared_imports(info, &type_ids),
            type_ids,
            placed: OnceLock::new(),
            shown: ShownCodes::default(),
            symbolizer: OnceLock::new(),
            debug_files,
            warnings,
            artifact,
        })))
    }

    /// The image that a debugger would get of an instance: an ELF file with native DWARF, to look into. It names the addresses
    /// of code that is placed only for this, and of memories and globals that are not there.
    ///
    /// # Errors
    /// Where code cannot be placed.
    pub fn debug_image(&self) -> Result<Vec<u8>> {
        let code = PlacedCode::place(&self.0.artifact)?;
        let config = self.engine().config();
        let image = image::image(
            &code,
            self.no_places(),
            config,
            self.name(),
            &Contents::default(),
            None,
        );
        self.warn(self.warnings().iter().chain(&image.warnings));
        Ok(image.bytes)
    }

    /// The image that a debugger gets before the program runs: as [`Module::debug_image`], with the code and with what the first
    /// memory holds when an instance has been made. What cannot be used of debug info is not told.
    ///
    /// # Errors
    /// Where code cannot be placed.
    pub fn static_image(&self) -> Result<Vec<u8>> {
        let code = PlacedCode::place(&self.0.artifact)?;
        let memory = initial_memory(self.info(), self.0.artifact.wasm());
        let contents = Contents {
            text: self.0.artifact.text_bytes(),
            memory: &memory,
        };
        let (places, config) = (self.no_places(), self.engine().config());
        let image = image::image(&code, places, config, self.name(), &contents, None);
        Ok(image.bytes)
    }

    /// Compares the module's debug info with what a debugger would get, and counts what is lost on the way. With the name of a variable,
    /// more about those that are called so. What is damaged is told as warnings are.
    ///
    /// # Errors
    /// Where code cannot be placed.
    pub fn check_debug_info(&self, variable: Option<&str>) -> Result<Check> {
        let code = PlacedCode::place(&self.0.artifact)?;
        let config = self.engine().config();
        let (check, warnings) =
            image::check(&code, self.no_places(), config, self.name(), variable);
        let warnings = self.warnings().iter().chain(&warnings);
        self.warn(warnings.filter(|it| it.kind != WarningKind::Lost));
        Ok(check)
    }

    fn warn<'w>(&self, warnings: impl Iterator<Item = &'w Warning>) {
        for warning in warnings {
            let config = self.engine().config();
            config.warn(&format!("{}: {warning}", self.name()));
        }
    }

    /// The engine's numbers of the entries of its type section.
    pub(crate) fn type_numbers(&self) -> Vec<u32> {
        self.type_ids().iter().map(|id| id.as_u32()).collect()
    }

    /// Places for what is described without an instance.
    fn no_places(&self) -> Places {
        let info = self.info();
        let memory = |(index, ty): (MemoryIndex, &MemoryType)| MemoryPlace {
            base: HostAddress((index.index() as u64 + 1) << 33),
            address_type: value_type(ty.address_type.value_type()),
        };
        let global = |(index, ty): (GlobalIndex, &GlobalType)| GlobalPlace {
            address: GlobalAddress::Fixed(HostAddress((1 << 32) + 16 * index.index() as u64)),
            ty: value_type(ty.content),
        };
        let heap = || HeapPlace {
            base: HostAddress((info.memories.len() as u64 + 1) << 33),
            types: self.type_numbers(),
        };
        Places {
            pointer_code: None,
            forwards: Vec::new(),
            context: None,
            heap: info.has_objects().then(heap),
            memories: info.memories.iter().map(memory).collect(),
            globals: info.globals.iter().map(global).collect(),
        }
    }

    /// The file with its text, as debuggers show it: of a module without debug info, where [`Config::text_folder`] says where to
    /// put it.
    ///
    /// [`Config::text_folder`]: crate::Config::text_folder
    pub fn text_file(&self) -> Option<&Path> {
        outline::text_file(&self.info().custom, self.artifact().wasm())
    }

    /// Returns true if it has debug info, its own or what was found for it when it was compiled.
    pub fn has_debug_info(&self) -> bool {
        !self.info().dwarf(self.0.artifact.wasm()).is_empty()
    }

    /// The sources that its debug info names, without those of languages' libraries and those that were made of the module.
    pub fn source_files(&self) -> Vec<String> {
        let texts = self.engine().config().texts();
        let is_source = |file: &String| {
            let made = texts.is_some_and(|folder| Path::new(file).starts_with(folder));
            !made && !is_library_file(file)
        };
        let files = files(&self.info().dwarf(self.artifact().wasm()));
        files.into_iter().filter(is_source).collect()
    }

    /// The file's name, or "wasm".
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The engine that compiled it.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The imports: the two names and the type of each, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = (&str, &str, &ExternType)> {
        let imports = self.info().imports.iter().zip(&self.0.imports);
        imports.map(|(import, ty)| (&*import.module, &*import.name, ty))
    }

    /// The exports: name and type of each, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = (&str, ExternType)> {
        self.info().exports.iter().map(|export| {
            let ty = self.info().type_of(export.item);
            (&*export.name, ty.map(&|heap| self.shared(heap)))
        })
    }

    /// The type of an export that is a function.
    pub fn get_export_func(&self, name: &str) -> Option<FuncType> {
        self.exports().find_map(|(found, ty)| match ty {
            ExternType::Func(ty) if found == name => Some(ty),
            _ => None,
        })
    }

    pub(crate) fn info(&self) -> &Arc<ModuleInfo> {
        self.0.artifact.info()
    }

    pub(crate) fn artifact(&self) -> &Artifact {
        &self.0.artifact
    }

    pub(crate) fn layout(&self) -> &VmLayout {
        &self.0.layout
    }

    /// A heap type of the module as one of the engine.
    pub(crate) fn shared(&self, ty: HeapType) -> HeapType {
        shared(ty, &self.0.type_ids)
    }

    pub(crate) fn type_ids(&self) -> &[SharedTypeId] {
        &self.0.type_ids
    }

    /// The machine code of a function, by its index, in the pieces that come from one wasm instruction each: bytes from the
    /// start of the module's file to the instruction, where one stands for the piece, and the code. `None` for an import.
    pub fn code_of(&self, func: u32) -> Option<Vec<(Option<usize>, Vec<u8>)>> {
        let artifact = &self.0.artifact;
        let info = artifact.info();
        let defined = info.defined(FuncIndex::from_u32(func))?;
        let words = artifact.functions();
        let index = EntityRef::index(defined);
        let (start, len) = (words.get(index * 2)?, words.get(index * 2 + 1)?);
        let rows: Vec<_> = artifact.address_map().rows(start, start + len).collect();
        let ends = rows
            .iter()
            .skip(1)
            .map(|(offset, _)| *offset)
            .chain([start + len]);
        let text = artifact.text_bytes();
        let piece = |((offset, pc), end): (&(u32, Option<WasmPc>), u32)| {
            let pc = pc.map(|pc| info.code_section.file_offset(pc));
            Some((pc, text.get(*offset as usize..end as usize)?.to_vec()))
        };
        rows.iter().zip(ends).map(piece).collect()
    }

    /// The parts of the debug info that could not be read when the module was compiled.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }

    /// Code for a new instance: its own with debug info, so that what describes it can name the instance's addresses.
    /// At an address if nothing is there.
    pub(crate) fn place(&self, address: Option<usize>) -> Result<Arc<PlacedCode>> {
        if self.0.engine.config().settings().debug_info {
            return Ok(Arc::new(self.place_code(address)?));
        }
        if let Some(placed) = self.0.placed.get() {
            return Ok(placed.clone());
        }
        let placed = Arc::new(self.place_code(None)?);
        Ok(self.0.placed.get_or_init(|| placed).clone())
    }

    /// The images that further instances may use.
    pub(crate) fn shown(&self) -> &ShownCodes {
        &self.0.shown
    }

    fn place_code(&self, address: Option<usize>) -> Result<PlacedCode> {
        let placed = PlacedCode::place_at(&self.0.artifact, address)?;
        if let Some(profiler) = self.0.engine.config().profiler() {
            if profiler.needs_code_of_no_file() {
                placed.leave_file()?;
            }
            profiler.placed(&placed, &|pc| self.source_frames(pc));
        }
        Ok(placed)
    }

    /// Returns the source position of a wasm instruction, innermost inlined function first; empty where nothing is known.
    pub(crate) fn source_frames(&self, pc: WasmPc) -> Vec<SourceFrame> {
        self.symbolizer().frames(pc)
    }

    /// The symbolizer of source positions and variables: made once, of the artifact's own bytes unless there are better ones.
    pub(crate) fn symbolizer(&self) -> &Symbolizer {
        self.0.symbolizer.get_or_init(|| {
            let (info, artifact) = (self.info(), &self.0.artifact);
            let bodies: Vec<_> = info.bodies.keys().map(|it| info.pcs(it)).collect();
            let dwarf = info.dwarf(artifact.wasm());
            let share = |section: &[u8]| artifact.window(section);
            let code = info.code_section.contents(artifact.wasm());
            let own = Symbolizer::over(&dwarf, code, bodies.clone(), share);
            let Some(files) = self.0.debug_files.as_ref() else {
                return own;
            };
            let has_map = info.custom.iter().any(|(it, _)| it == "sourceMappingURL");
            if !has_map && own.is_whole() {
                return own;
            }
            let (name, wasm) = (self.name(), artifact.wasm());
            let completed = complete(self.engine(), name, wasm, None, files, false);
            completed.module.map_or(own, |module| {
                Symbolizer::new(&module_dwarf(&module), code, bodies)
            })
        })
    }
}

/// The module with debug info that is in other files, or that can be made for it, if there is any; what is not found is warned of.
pub(crate) fn complete(
    engine: &Engine,
    name: &str,
    wasm: &[u8],
    text: Option<&Text<'_>>,
    files: &DebugFiles,
    is_sound: bool,
) -> Completed {
    let config = engine.config();
    let texts = config.texts().map(outline::texts);
    let completed = files.complete(wasm, texts.as_ref(), is_sound);
    let origins = Origins {
        name,
        file: files.module(),
        text,
        print: config.settings().debug_info && !files.is_generated(),
        folder: config.texts(),
        paths: files.paths(),
    };
    let outlined = outline::add(completed.module.as_deref().unwrap_or(wasm), &origins);
    let messages = [completed.messages, outlined.messages].concat();
    for message in &messages {
        config.warn(&format!("{name}: {message}"));
    }
    Completed {
        module: outlined.module.or(completed.module),
        messages,
    }
}

fn module_dwarf(module: &[u8]) -> WasmDwarf<'_> {
    let sections = Container::parse(module).map_or(Vec::new(), |container| container.sections);
    WasmDwarf::new(sections.into_iter())
}
