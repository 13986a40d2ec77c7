//! Module → machine code, functions in parallel, and all that describes it. The passes, in order:
//!
//! 1. [`parse`](crate::module::parse) the module, which is valid and complete,
//! 2. ask its DWARF what must stay visible ([`dwalin_debuginfo::questions`], with debug info only),
//! 3. [`body`]: each function → CLIF → code; [`trampoline`]: those of its types and of the [`builtin`]s,
//! 4. [`observe`]: what the code generator says of a function → plain tables,
//! 5. [`link`](mod@link): all of it → one artifact.

pub mod body;
pub mod builtin;
mod call;
mod context;
mod control;
pub mod env;
pub mod leaf;
mod memory;
mod numeric;
pub mod observe;
mod operand;
pub mod signature;
mod simd;
mod statement;
mod table;
pub mod target;
#[cfg(test)]
mod tests;
pub mod trampoline;
mod wide;

use crate::code::link;
use crate::index::*;
use crate::module::validate::ModuleError;
use crate::module::{self, ModuleInfo};
use cranelift_codegen::isa::TargetIsa;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::WasmDwarf;
use dwalin_debuginfo::code::Questions;
use env::Env;
use observe::CompiledFunction;
use rayon::prelude::*;
use std::fmt;

/// As many `nop`s in a row as are statements that have code.
pub const NOPS: usize = 64;

/// The effort of the code generator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OptLevel {
    /// Code follows the wasm one to one.
    None,
    /// Code for speed.
    #[default]
    Speed,
}

impl OptLevel {
    fn cranelift(self) -> &'static str {
        match self {
            OptLevel::None => "none",
            OptLevel::Speed => "speed",
        }
    }
}

/// The settings that compiled code depends on. An artifact is used only where these are equal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// True if debuggers can see locals and stop at every statement.
    pub debug_info: bool,
    /// With debug info, whether locals are kept too that no debug info names.
    pub all_locals: bool,
    /// The effort of the code generator.
    pub opt_level: OptLevel,
    /// Bytes of address space kept for each memory.
    pub memory_reservation: u64,
    /// Bytes behind it that fault.
    pub memory_guard_size: u64,
    /// True if functions are compiled on all cores.
    pub parallel: bool,
}

/// Why a module could not be compiled.
#[derive(Debug)]
pub enum CompileError {
    /// The module.
    Module(ModuleError),
    /// This machine.
    Target {
        /// The missing part.
        reason: String,
    },
    /// A function: a limit of the code generator's, or an error in it.
    Function {
        /// Which, by index.
        index: u32,
        /// The code generator's message.
        reason: String,
    },
    /// The module is too large for one piece of code.
    TooLarge,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Module(error) => error.fmt(f),
            CompileError::Target { reason } => {
                write!(f, "cannot make code for this machine: {reason}")
            }
            CompileError::Function { index, reason } => {
                write!(f, "cannot compile wasm-function[{index}]: {reason}")
            }
            CompileError::TooLarge => f.write_str("the module's code is larger than 2 GiB"),
        }
    }
}

// The texts name their causes.
impl std::error::Error for CompileError {}

impl From<ModuleError> for CompileError {
    fn from(error: ModuleError) -> CompileError {
        CompileError::Module(error)
    }
}

/// A compiled module: the bytes of its artifact, and what of its debug info could not be read.
pub struct Compiled {
    /// An ELF image; see [`crate::code`].
    pub artifact: Vec<u8>,
    /// To be shown once.
    pub warnings: Vec<dwalin_debuginfo::Warning>,
}

/// Compiles the binary form of a valid module, with all of its debug info, into an artifact.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(settings: &Settings, wasm: &[u8]) -> Result<Compiled, CompileError> {
    let module = module::parse::parse(wasm)?;
    let isa = target::isa(settings)?;
    let (questions, warnings) = questions(settings, &module, wasm);
    let env = Env::new(&module, settings, &*isa, questions.as_ref());
    let functions = compile_functions(&env, wasm)?;
    let trampolines = trampoline::compile_all(&env)?;
    let artifact = link::link(&link::Parts {
        settings,
        isa: &isa,
        module: &module,
        wasm,
        functions,
        trampolines,
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

fn compile_functions(env: &Env<'_>, wasm: &[u8]) -> Result<Vec<CompiledFunction>, CompileError> {
    let compile = |compiler: &mut body::FunctionCompiler, index: usize| {
        let defined = DefinedFuncIndex::new(index);
        compiler.compile(env, defined, &wasm[env.module.bodies[defined].clone()])
    };
    (0..env.module.bodies.len())
        .into_par_iter()
        .map_init(body::FunctionCompiler::default, compile)
        .collect()
}

/// Compiles a CLIF function.
fn codegen(
    isa: &dyn TargetIsa,
    context: &mut cranelift_codegen::Context,
    index: u32,
) -> Result<CompiledFunction, CompileError> {
    let fail = |reason: String| CompileError::Function { index, reason };
    context
        .compile(isa, &mut Default::default())
        .map_err(|error| fail(format!("{:?}", error.inner)))?;
    observe::observe(isa, context).map_err(fail)
}

impl ModuleInfo {
    /// The module's DWARF sections, as found.
    pub fn dwarf<'a>(&'a self, wasm: &'a [u8]) -> WasmDwarf<'a> {
        WasmDwarf::new(
            self.custom
                .iter()
                .map(|(name, range)| (name.as_str(), &wasm[range.clone()])),
        )
    }
}
