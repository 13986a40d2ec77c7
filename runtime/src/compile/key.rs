//! What a function's code depends on, as bytes that are equal where the code is: by these, functions that did not change are found in
//! what was compiled before. An edit moves the functions after it: their addresses, lines and numbers change, and their code does not.
//!
//! A key is the function's body and what its debug info requires of it, with
//!
//! * addresses as distances from its body,
//! * the lines of statements as numbers by first appearance, since lines are compared with each other only,
//! * functions that it calls by their first appearance, each with what code for a call depends on.
//!
//! Everything else that a body names by number (types, globals, tables, memories) is in the module's key, as is what places in a VmContext
//! depend on.

use super::env::{Env, Wanted};
use crate::index::*;
use crate::module::ModuleInfo;
use crate::module::validate::ModuleError;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{KeptValue, NamedLocal, Statement};
use std::collections::HashMap;
use std::hash::Hash;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// The key of a function.
pub struct Key {
    /// All that its code depends on besides the [module's key](module_key).
    pub bytes: Vec<u8>,
    /// The functions of the module that it calls, by first appearance.
    pub callees: Vec<DefinedFuncIndex>,
}

/// The key of a module: all that the code of each of its functions depends on, besides the settings.
pub fn module_key(env: &Env<'_>) -> Vec<u8> {
    let ModuleInfo {
        types,
        rec_groups,
        globals,
        tables,
        memories,
        tags,
        imported_tags,
        imported_functions,
        imported_globals,
        imported_tables,
        imported_memories,
        // The layout depends on their number, and each function's key has the places of those that it refers to.
        escaping: _,
        // In each function's key, as far as it calls them.
        functions: _,
        // Those of `types`.
        function_types: _,
        bodies: _,
        // Nothing of these is in code: the runtime reads them.
        imports: _,
        exports: _,
        global_inits: _,
        table_inits: _,
        start: _,
        elements: _,
        data: _,
        code_section: _,
        custom: _,
    } = env.module;
    let imported = [
        imported_functions,
        imported_globals,
        imported_tables,
        imported_memories,
        imported_tags,
    ];
    let layout = &env.layout;
    let tail_types = env.conventions.tail_types();
    let indices = format!("{rec_groups:?} {imported:?} {layout:?} {tail_types:?}");
    format!("{types:?} {globals:?} {tables:?} {memories:?} {tags:?} {indices}").into_bytes()
}

/// The key of a function.
///
/// # Errors
/// Where its body cannot be read.
pub fn key(env: &Env<'_>, func: DefinedFuncIndex, body: &[u8]) -> Result<Key, ModuleError> {
    let mut key = Key {
        bytes: Vec::with_capacity(2 * body.len()),
        callees: Vec::new(),
    };
    let ty = env.module.functions[env.module.func_index(func)];
    key.words([ty.as_u32(), body.len() as u32]);
    key.requirements(env, func);
    key.body(env, body)?;
    Ok(key)
}

impl Key {
    fn words(&mut self, words: impl IntoIterator<Item = u32>) {
        self.bytes
            .extend(words.into_iter().flat_map(u32::to_le_bytes));
    }

    /// A list of words, with its length.
    fn list(&mut self, words: Vec<u32>) {
        self.words([words.len() as u32]);
        self.words(words);
    }

    /// The requirements of debug info on the function.
    fn requirements(&mut self, env: &Env<'_>, func: DefinedFuncIndex) {
        let start = env.body_start(func);
        let distance = |pc: WasmPc| pc.0.wrapping_sub(start.0);
        let flags = [env.has_call_sites(func), env.stops_at_instructions(func)];
        self.words(flags.map(u32::from));
        match env.wanted(func) {
            Wanted::None => self.words([0]),
            Wanted::All => self.words([1]),
            Wanted::Some {
                locals,
                variables,
                frame_bases,
            } => {
                self.words([2]);
                for list in [locals, frame_bases] {
                    self.list(list.iter().map(|(_, local)| *local).collect());
                }
                let variables = variables.iter().flat_map(|it| {
                    let NamedLocal {
                        function: _,
                        local,
                        from,
                        until,
                    } = it;
                    // Everywhere is no address of the function's.
                    let place = |pc: WasmPc| match pc.0 {
                        0 | u32::MAX => pc.0,
                        _ => distance(pc),
                    };
                    [*local, place(*from), place(*until)]
                });
                self.list(variables.collect());
            }
        }
        let operands = env.operands(func).iter();
        self.list(
            operands
                .flat_map(|it| {
                    let shared = u32::from(it.is_shared);
                    [distance(it.from), it.place, distance(it.until), shared]
                })
                .collect(),
        );
        let kept = env.kept(func).iter().flat_map(|(pc, kept)| {
            let (kind, number) = match kept {
                KeptValue::Operand(number) => (0, *number),
                KeptValue::Global(number) => (1, *number),
                KeptValue::Entry(number) => (2, *number),
            };
            [distance(*pc), kind, number]
        });
        self.list(kept.collect());
        let mut lines = Numbers(HashMap::new());
        let statements = env.statements(func).iter().flat_map(|statement| {
            let Statement { pc, line } = statement;
            [distance(*pc), lines.get(*line)]
        });
        self.list(statements.collect());
    }

    /// The operators, with what is called in place of numbers of functions.
    fn body(&mut self, env: &Env<'_>, body: &[u8]) -> Result<(), ModuleError> {
        let module = env.module;
        let reader = FunctionBody::new(BinaryReader::new(body, 0));
        let mut operators = reader.get_operators_reader()?;
        // As it is up to here.
        let mut copied = 0;
        let mut callees = Numbers(HashMap::new());
        while !operators.eof() {
            let at = operators.original_position() as usize;
            let operator = operators.read()?;
            let end = operators.original_position() as usize;
            let function_index = match operator {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    function_index
                }
                Operator::RefFunc { function_index } => {
                    // Its place among the references of a VmContext depends on which other functions have one.
                    let place = module.escaping_slot(FuncIndex::from_u32(function_index));
                    self.bytes.extend(&body[copied..end]);
                    copied = end;
                    self.words(place.map(|it| it as u32));
                    continue;
                }
                _ => continue,
            };
            self.bytes.extend(&body[copied..at]);
            copied = end;
            // Itself, so that what follows it is read as that of a call.
            let operator = u32::from(body[at]);
            let callee = FuncIndex::from_u32(function_index);
            let ty = module.functions[callee].as_u32();
            let length = (end - at) as u32;
            match module.defined(callee) {
                None => self.words([operator, length, ty, 0, function_index]),
                Some(defined) => {
                    let returns = u32::from(env.returns_small_structure(defined));
                    let tail_calls = u32::from(env.conventions.makes_tail_calls(defined));
                    let number = callees.get(defined);
                    if number as usize == self.callees.len() {
                        self.callees.push(defined);
                    }
                    let properties = 1 + returns + 2 * tail_calls;
                    self.words([operator, length, ty, properties, number]);
                }
            }
        }
        self.bytes.extend(&body[copied..]);
        Ok(())
    }
}

/// Numbers things by their first appearance.
struct Numbers<T>(HashMap<T, u32>);

impl<T: Eq + Hash> Numbers<T> {
    fn get(&mut self, item: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(item).or_insert(next)
    }
}
