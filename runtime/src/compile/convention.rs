//! Calling conventions. Guest functions follow the platform's C convention, which debuggers know, but for those with tail calls: they
//! follow Cranelift's `tail` convention, in which a function may be left for another one.
//!
//! The two differ only where parameters are on the stack, which the callee takes off there, and where a function has several results. So
//! nobody needs to know which of the two most functions follow. For the types of which it matters, all functions of a module follow
//! `tail` if the module makes a tail call of the type, or from a function of it; a call by reference asks the VmFuncRef.
//!
//! A function that is left for one of another instance returns with that instance's context in the pinned register, so its callers within
//! the module set it again.

use super::target::GUEST_CALL_CONV;
use crate::index::*;
use crate::module::ModuleInfo;
use crate::module::types::{FuncType, ValType};
use cranelift_codegen::isa::CallConv;
use cranelift_entity::EntityRef;
use rayon::prelude::*;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// The first bytes of the operators that are tail calls, and one that is none.
const TAIL_CALLS: RangeInclusive<u8> = 0x12..=0x15;

/// Returns true if functions of a type are called alike in both conventions: their parameters are in registers, and no two results
/// in registers of one kind.
pub fn is_alike(ty: &FuncType) -> bool {
    let count = |types: &[ValType]| {
        let is_vector = |ty: &&ValType| matches!(ty, ValType::F32 | ValType::F64 | ValType::V128);
        let vectors = types.iter().filter(is_vector).count();
        (types.len() - vectors, vectors)
    };
    let (params, results) = (count(ty.params()), count(ty.results()));
    params.0 <= 6 && params.1 <= 8 && results.0 <= 1 && results.1 <= 1
}

/// The conventions of a module's functions.
pub struct Conventions {
    /// For each function that the module defines, true if it makes tail calls.
    makes_tail_calls: Vec<bool>,
    /// The types of which it matters that their functions follow `tail`: sorted.
    tail_types: Vec<TypeIndex>,
}

impl Conventions {
    /// Those of a valid module, whose bytes are `wasm`.
    pub fn new(module: &ModuleInfo, wasm: &[u8]) -> Conventions {
        let bodies = module.bodies.values().as_slice().par_iter();
        let called: Vec<_> = bodies
            .map(|body| tail_called(module, &wasm[body.clone()]))
            .collect();
        let mut named = HashSet::new();
        for (index, called) in called.iter().enumerate() {
            if !called.is_empty() {
                let own = module.func_index(DefinedFuncIndex::new(index));
                let types = called.iter().chain([&module.functions[own]]);
                named.extend(types.map(|ty| module.function_type(*ty)));
            }
        }
        named.retain(|ty| !is_alike(ty));
        let types = module.function_types.iter();
        Conventions {
            makes_tail_calls: called.iter().map(|called| !called.is_empty()).collect(),
            tail_types: types
                .copied()
                .filter(|ty| named.contains(module.function_type(*ty)))
                .collect(),
        }
    }

    /// Returns true if a function makes tail calls.
    pub fn makes_tail_calls(&self, func: DefinedFuncIndex) -> bool {
        self.makes_tail_calls[func.index()]
    }

    /// The convention in which functions of a type are called directly.
    pub fn of_type(&self, ty: TypeIndex) -> CallConv {
        match self.tail_types.binary_search(&ty) {
            Ok(_) => CallConv::Tail,
            Err(_) => GUEST_CALL_CONV,
        }
    }

    /// The convention in which the code of a function of a type is.
    pub fn of_function(&self, func: DefinedFuncIndex, ty: TypeIndex) -> CallConv {
        match self.makes_tail_calls(func) {
            true => CallConv::Tail,
            false => self.of_type(ty),
        }
    }

    /// The types of which it matters that their functions follow `tail`: sorted.
    pub fn tail_types(&self) -> &[TypeIndex] {
        &self.tail_types
    }
}

/// The types of the tail calls that a function makes.
fn tail_called(module: &ModuleInfo, body: &[u8]) -> Vec<TypeIndex> {
    let mut called = Vec::new();
    // Most functions have no such byte at all.
    if !body.iter().any(|byte| TAIL_CALLS.contains(byte)) {
        return called;
    }
    let body = FunctionBody::new(BinaryReader::new(body, 0));
    let operators = body.get_operators_reader();
    for operator in operators.into_iter().flatten().map_while(Result::ok) {
        match operator {
            Operator::ReturnCall { function_index } => {
                called.push(module.functions[FuncIndex::from_u32(function_index)]);
            }
            Operator::ReturnCallIndirect { type_index, .. }
            | Operator::ReturnCallRef { type_index } => {
                called.push(TypeIndex::from_u32(type_index));
            }
            _ => {}
        }
    }
    called
}

#[cfg(test)]
mod tests {
    use super::super::signature::{POINTER, guest_signature};
    use super::super::target;
    use super::super::tests::settings;
    use super::*;
    use cranelift_codegen::Context;
    use cranelift_codegen::ir::InstBuilder;
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    /// The code of a function of a type that calls another one, with its own arguments, and returns what it makes of the results.
    fn code(ty: &FuncType, convention: CallConv) -> Vec<u8> {
        let isa = target::isa(&settings(false)).unwrap();
        let mut context = Context::new();
        context.func.signature = guest_signature(ty, convention);
        let mut builder_context = FunctionBuilderContext::new();
        let mut builder = FunctionBuilder::new(&mut context.func, &mut builder_context);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let args = builder.block_params(entry).to_vec();
        let signature = builder.import_signature(guest_signature(ty, convention));
        let callee = builder.ins().get_pinned_reg(POINTER);
        let call = builder.ins().call_indirect(signature, callee, &args);
        let results = builder.inst_results(call).to_vec();
        // Changed, so that each has to be in its register.
        let change = |value| match builder.func.dfg.value_type(value).is_float() {
            true => builder.ins().fneg(value),
            false => builder.ins().bnot(value),
        };
        let results: Vec<_> = results.into_iter().map(change).collect();
        builder.ins().return_(&results);
        builder.seal_all_blocks();
        builder.finalize(isa.frontend_config());
        let code = context.compile(&*isa, &mut Default::default()).unwrap();
        code.code_buffer().to_vec()
    }

    #[test]
    fn types_are_alike_where_code_in_both_conventions_is_the_same() {
        use ValType::{F32, F64, I32, I64, V128};
        let lists = |most: usize, types: &[ValType]| -> Vec<Vec<ValType>> {
            (0..=most)
                .map(|count| types.iter().copied().cycle().take(count).collect())
                .collect()
        };
        let params = [lists(9, &[I32, I64]), lists(10, &[F64, V128, F32])].concat();
        let mixed = [vec![I32, F64, I64, V128, F32, I32, I32, F64, I64]];
        let results = [lists(3, &[I64]), lists(1, &[F64])].concat();
        let mut alike = 0;
        for params in params.iter().chain(&mixed) {
            for results in &results {
                let ty = FuncType::new(params.clone(), results.clone());
                let same = code(&ty, GUEST_CALL_CONV) == code(&ty, CallConv::Tail);
                assert_eq!(is_alike(&ty), same, "{ty:?}");
                alike += usize::from(same);
            }
        }
        assert!(alike > 50, "{alike}");
    }
}
