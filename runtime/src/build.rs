//! Module → artifact. The passes, in order:
//!
//! 1. [`parse`](crate::module::parse) the module, which is valid and complete,
//! 2. ask its DWARF what must stay visible ([`dwalin_debuginfo::questions`], with debug info only),
//! 3. [`function`](crate::compile::function): each function → CLIF → code, in parallel, unless it is known from before; [`trampoline`]:
//!    those of its types and of the runtime's functions,
//! 4. [`link`](mod@link): all of it → one artifact.

use crate::abi::settings::Settings;
use crate::code::cached::{CachedArtifacts, Place};
use crate::code::cached_functions::CachedFunctions;
use crate::code::{Artifact, link};
use crate::compile::env::Env;
use crate::compile::target::Targets;
use crate::compile::{function, trampoline};
use crate::compile_error::CompileError;
use crate::compiled::{Module, complete};
use crate::debug_files::{Completed, DebugFiles};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::module::features::Proposal;
use crate::module::validate::validate_without;
use crate::module::{self, ModuleInfo};
use crate::named_file::read_chosen;
use crate::outline::{Input, located};
use crate::threads::Threads;
use dwalin_debuginfo::Warning;
use dwalin_debuginfo::code::Questions;
use std::path::Path;

impl Module {
    /// Compiles a module, given in its binary form or as text.
    ///
    /// # Errors
    /// Where it is not a valid module or needs a proposal that is not supported.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        Module::with_debug_files(engine, "wasm", bytes, &DebugFiles::new())
    }

    /// Compiles the module in a file.
    ///
    /// # Errors
    /// As [`Module::new`], and where the file cannot be read.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let files = DebugFiles::beside(path.as_ref());
        Module::from_file_with(engine, path, &files)
    }

    /// Compiles the module in a file, whose debug info may be in others.
    ///
    /// # Errors
    /// As [`Module::from_file`]. Debug info that is not found is a warning.
    pub fn from_file_with(
        engine: &Engine,
        path: impl AsRef<Path>,
        files: &DebugFiles,
    ) -> Result<Module> {
        let path = path.as_ref();
        let bytes = read_chosen(path).map_err(|error| Error::Read {
            path: path.to_owned(),
            error,
        })?;
        let name = path.file_name().map_or_else(
            || "wasm".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        Module::with_debug_files(engine, &name, &bytes, files)
    }

    /// Compiles a module whose debug info may be in other files. Its name is what warnings and debuggers call it.
    ///
    /// # Errors
    /// As [`Module::new`]. Debug info that is not found is a warning.
    pub fn with_debug_files(
        engine: &Engine,
        name: &str,
        bytes: impl AsRef<[u8]>,
        files: &DebugFiles,
    ) -> Result<Module> {
        let input = Input::read(bytes.as_ref(), files.module())?;
        Module::from_input(engine, name, &input, files)
    }

    /// As [`Module::with_debug_files`], for a module that was read before.
    ///
    /// # Errors
    /// As [`Module::new`].
    pub fn from_input(
        engine: &Engine,
        name: &str,
        input: &Input<'_>,
        files: &DebugFiles,
    ) -> Result<Module> {
        let Input { wasm, text } = input;
        let settings = engine.config().settings();
        // Without debuggers only a trap asks, and only then are files looked for; but what is given is kept.
        let is_file = text.is_some() && files.module().is_some();
        let now = settings.debug_info || files.is_explicit() || is_file;
        let complete = |wasm: &[u8], is_sound| {
            let complete = || complete(engine, name, wasm, text.as_ref(), files, is_sound);
            now.then(complete)
        };
        let folder = engine.config().artifacts();
        let cache = folder.and_then(|folder| CachedArtifacts::new(folder, &settings));
        let path = files.module().zip(folder).zip(cache.as_ref());
        let functions = path.and_then(|((path, folder), cache)| {
            CachedFunctions::new(folder, cache.compiler(), path)
        });
        let cached = cache.as_ref().map(|cache| (cache, functions.as_ref()));
        let turned_off = engine.config().turned_off();
        let made = make(&settings, turned_off, wasm, cached, complete);
        let (artifact, warnings) = made.map_err(|error| match text {
            Some(text) => located(error, wasm, text.bytes, files.module()),
            None => error,
        })?;
        let later = (!now).then(|| files.clone());
        Module::of(engine, name, artifact, warnings, later)
    }
}

/// A module's artifact, and what of its debug info could not be read. `complete` makes a valid module into one with all of its
/// debug info, where that is more than it has; `None` if nobody needs that now. It is told if nothing is wrong with what it has.
fn make(
    settings: &Settings,
    turned_off: &[Proposal],
    wasm: &[u8],
    cache: Option<(&CachedArtifacts<'_>, Option<&CachedFunctions<'_>>)>,
    complete: impl Fn(&[u8], bool) -> Option<Completed>,
) -> Result<(Artifact, Vec<Warning>)> {
    let threads = Threads::new(settings.parallel);
    let functions = cache.and_then(|(_, functions)| functions);
    let cache = cache.map(|(cache, _)| cache);
    let mut place = cache.map(|cache| cache.place(wasm));
    let mut known = place.as_ref().and_then(Place::find);
    if known.is_none() || !turned_off.is_empty() {
        threads
            .run(|| validate_without(wasm, turned_off))
            .map_err(CompileError::from)?;
    }
    let found = place.as_ref().zip(known.as_ref());
    let is_sound = found.is_some_and(|(place, known)| place.has_sound_debug_info(known));
    let completed = complete(wasm, is_sound);
    let has_all = completed.as_ref().is_some_and(Completed::has_all);
    let completed = completed.and_then(|it| it.module);
    let whole = completed.as_deref().unwrap_or(wasm);
    if completed.is_some() {
        place = cache.map(|cache| cache.place(whole));
        known = place.as_ref().and_then(Place::find);
    }
    if let Some(artifact) = known {
        if let Some(place) = place.filter(|_| has_all && !is_sound) {
            place.note_sound_debug_info(&artifact);
        }
        return Ok((artifact, Vec::new()));
    }
    let compiled = threads.run(|| compile(settings, whole, functions))?;
    // What there is to be said is to be said each time.
    let place = place.filter(|_| compiled.warnings.is_empty());
    if let Some(place) = &place {
        place.keep(&compiled.artifact);
    }
    let artifact = Artifact::from_bytes(&compiled.artifact, settings)?;
    if let Some(place) = place.filter(|_| has_all) {
        place.note_sound_debug_info(&artifact);
    }
    Ok((artifact, compiled.warnings))
}

/// A compiled module: the bytes of its artifact, and what of its debug info could not be read.
struct Compiled {
    /// An ELF image; see [`crate::code`].
    artifact: Vec<u8>,
    /// To be shown once.
    warnings: Vec<Warning>,
}

/// Compiles the binary form of a valid module, with all of its debug info, into an artifact. Functions that are cached are not compiled.
///
/// # Errors
/// See [`CompileError`].
fn compile(
    settings: &Settings,
    wasm: &[u8],
    cached: Option<&CachedFunctions<'_>>,
) -> std::result::Result<Compiled, CompileError> {
    let module = module::parse::parse(wasm)?;
    let targets = Targets::new(settings)?;
    let (questions, warnings) = questions(settings, &module, wasm);
    let env = Env::new(&module, wasm, settings, &targets, questions.as_ref());
    let known = cached.map(CachedFunctions::find);
    let functions = function::compile_all(&env, wasm, known.as_ref())?;
    if let (Some(cached), Some(known)) = (cached, functions.known) {
        cached.keep(&known);
    }
    let trampolines = trampoline::compile_all(&env)?;
    let artifact = link::link(&link::Parts {
        settings,
        isa: &targets.main,
        module: &module,
        wasm,
        functions: functions.all,
        trampolines,
        tail_types: env.conventions.tail_types(),
    })?;
    Ok(Compiled { artifact, warnings })
}

/// Returns the requirements of the module's DWARF; `None` where there is none, so that everything may be required.
fn questions(
    settings: &Settings,
    module: &ModuleInfo,
    wasm: &[u8],
) -> (Option<Questions>, Vec<Warning>) {
    let dwarf = module.dwarf(wasm);
    if !settings.debug_info || dwarf.is_empty() {
        return (None, Vec::new());
    }
    let (questions, warnings) = dwalin_debuginfo::questions(&dwarf);
    (Some(questions), warnings)
}
