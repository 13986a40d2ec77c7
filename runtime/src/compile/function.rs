//! The functions of a module → code, in parallel. Those that are known from before are not compiled.

use super::body::FunctionCompiler;
use super::env::Env;
use super::key::{Key, key, module_key};
use super::known::{Entry, KnownFunctions};
use super::observe::CompiledFunction;
use super::stored::{self, Place};
use crate::compile_error::CompileError;
use crate::index::*;
use cranelift_entity::EntityRef;
use rayon::prelude::*;
use std::collections::HashMap;

/// The functions of a module.
pub struct Functions {
    /// In their order.
    pub all: Vec<CompiledFunction>,
    /// The file of [`KnownFunctions`] for the next time, if any function is new.
    pub known: Option<Vec<u8>>,
}

/// Compiles all functions that a module defines. `known` are those from before, if they are to be looked for.
///
/// # Errors
/// The first of the functions that the code generator refuses.
pub fn compile_all(
    env: &Env<'_>,
    wasm: &[u8],
    known: Option<&KnownFunctions>,
) -> Result<Functions, CompileError> {
    let indices = (0..env.module.bodies.len()).into_par_iter();
    let body = |func| &wasm[env.module.bodies[func].clone()];
    let Some(known) = known else {
        let compile = |compiler: &mut FunctionCompiler, index| {
            let func = DefinedFuncIndex::new(index);
            compiler.compile(env, func, body(func))
        };
        let all = indices.map_init(FunctionCompiler::default, compile);
        return Ok(Functions {
            all: all.collect::<Result<_, _>>()?,
            known: None,
        });
    };
    let module = module_key(env);
    let known = known.of(&module);
    let find = |compiler: &mut FunctionCompiler, index| {
        let func = DefinedFuncIndex::new(index);
        find_or_compile(env, compiler, func, body(func), &known)
    };
    let found = indices.map_init(FunctionCompiler::default, find);
    let found = found.collect::<Result<Vec<_>, CompileError>>()?;
    let is_new = found.iter().any(|function| function.is_new);
    let (all, entries): (_, Vec<_>) = found.into_iter().map(|it| (it.function, it.entry)).unzip();
    let known = is_new.then(|| KnownFunctions::write(&module, &entries));
    Ok(Functions { all, known })
}

/// A function, as it is used and as it is stored.
struct Found {
    function: CompiledFunction,
    entry: Entry,
    is_new: bool,
}

fn find_or_compile(
    env: &Env<'_>,
    compiler: &mut FunctionCompiler,
    func: DefinedFuncIndex,
    body: &[u8],
    known: &HashMap<&[u8], &[u8]>,
) -> Result<Found, CompileError> {
    let Key { bytes, callees } = key(env, func, body)?;
    let place = Place {
        start: env.body_start(func),
        callees: &callees,
    };
    let stored = known.get(&bytes[..]);
    let found = stored.and_then(|stored| Some((stored::read(stored, place)?, stored.to_vec())));
    if let Some((function, stored)) = found {
        return Ok(Found {
            function,
            entry: (bytes, Some(stored)),
            is_new: false,
        });
    }
    let function = compiler.compile(env, func, body)?;
    let stored = stored::write(&function, place);
    Ok(Found {
        function,
        entry: (bytes, stored),
        is_new: true,
    })
}
