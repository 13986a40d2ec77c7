//! Module → artifact. The passes, in order:
//!
//! 1. [`parse`](crate::module::parse) the module, which is valid and complete,
//! 2. ask its DWARF what must stay visible ([`dwalin_debuginfo::questions`], with debug info only),
//! 3. [`function`](crate::compile::function): each function → CLIF → code, in parallel, unless it is known from before; [`trampoline`]:
//!    those of its types and of the runtime's functions,
//! 4. [`link`](mod@link): all of it → one artifact.

use crate::code::cached_functions::CachedFunctions;
use crate::code::link;
use crate::compile::env::Env;
use crate::compile::target::Targets;
use crate::compile::{CompileError, Settings, function, trampoline};
use crate::module::{self, ModuleInfo};
use dwalin_debuginfo::code::Questions;

/// A compiled module: the bytes of its artifact, and what of its debug info could not be read.
pub struct Compiled {
    /// An ELF image; see [`crate::code`].
    pub artifact: Vec<u8>,
    /// To be shown once.
    pub warnings: Vec<dwalin_debuginfo::Warning>,
}

/// Compiles the binary form of a valid module, with all of its debug info, into an artifact. Functions that are cached are not compiled.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(
    settings: &Settings,
    wasm: &[u8],
    cached: Option<&CachedFunctions<'_>>,
) -> Result<Compiled, CompileError> {
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
) -> (Option<Questions>, Vec<dwalin_debuginfo::Warning>) {
    let dwarf = module.dwarf(wasm);
    if !settings.debug_info || dwarf.is_empty() {
        return (None, Vec::new());
    }
    let (questions, warnings) = dwalin_debuginfo::questions(&dwarf);
    (Some(questions), warnings)
}
