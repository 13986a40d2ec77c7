//! The functions of a module → code, in parallel.

use super::CompileError;
use super::body::FunctionCompiler;
use super::env::Env;
use super::observe::CompiledFunction;
use crate::index::*;
use cranelift_entity::EntityRef;
use rayon::prelude::*;

/// Compiles all functions that a module defines, in their order.
///
/// # Errors
/// The first of the functions that the code generator refuses.
pub fn compile_all(env: &Env<'_>, wasm: &[u8]) -> Result<Vec<CompiledFunction>, CompileError> {
    let compile = |compiler: &mut FunctionCompiler, index: usize| {
        let defined = DefinedFuncIndex::new(index);
        compiler.compile(env, defined, &wasm[env.module.bodies[defined].clone()])
    };
    (0..env.module.bodies.len())
        .into_par_iter()
        .map_init(FunctionCompiler::default, compile)
        .collect()
}
