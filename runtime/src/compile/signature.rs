//! WebAssembly types → CLIF types and signatures.

use super::target::GUEST_CALL_CONV;
use crate::module::types::{FuncType, ValType};
use cranelift_codegen::ir::types::{F32, F64, I8X16, I32, I64};
use cranelift_codegen::ir::{AbiParam, Signature, Type};
use cranelift_codegen::isa::CallConv;

/// Pointers of the host.
pub const POINTER: Type = I64;

/// The type of a v128 in code, whatever its lanes are.
pub const V128: Type = I8X16;

/// The type of a value in code. References are pointers or handles of the runtime's own.
pub fn clif_type(ty: ValType) -> Type {
    match ty {
        ValType::I32 => I32,
        ValType::I64 | ValType::Ref(_) => I64,
        ValType::F32 => F32,
        ValType::F64 => F64,
        ValType::V128 => V128,
    }
}

/// The signature of a guest function in a convention: its parameters and results in order; the VmContext travels in the pinned register.
pub fn guest_signature(ty: &FuncType, call_conv: CallConv) -> Signature {
    let list = |types: &[ValType]| {
        types
            .iter()
            .map(|ty| AbiParam::new(clif_type(*ty)))
            .collect()
    };
    Signature {
        params: list(ty.params()),
        returns: list(ty.results()),
        call_conv,
    }
}

/// A signature of the C convention.
pub fn c_signature(params: &[Type], returns: &[Type]) -> Signature {
    let list = |types: &[Type]| types.iter().map(|ty| AbiParam::new(*ty)).collect();
    Signature {
        params: list(params),
        returns: list(returns),
        call_conv: GUEST_CALL_CONV,
    }
}
