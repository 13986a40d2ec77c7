//! The global that LLVM's programs keep their stack pointer in.

use super::ModuleInfo;
use super::types::{Mutability, ValType};
use crate::index::GlobalIndex;
use wasmparser::{Operator, OperatorsReader};

/// The global that a function reads once, first of all, and that nobody reads or writes before it returns: the first subtraction
/// makes its frame, and then with -g the global is what it yields.
pub fn stack_pointer(module: &ModuleInfo, operators: &OperatorsReader<'_>) -> Option<GlobalIndex> {
    let mut operators = operators.clone();
    let Operator::GlobalGet { global_index } = operators.read().ok()? else {
        return None;
    };
    let global = GlobalIndex::from_u32(global_index);
    let ty = module.globals.get(global)?;
    if !(ty.mutability == Mutability::Var && matches!(ty.content, ValType::I32 | ValType::I64)) {
        return None;
    }
    while !operators.eof() {
        match operators.read().ok()? {
            Operator::GlobalGet { global_index: it } | Operator::GlobalSet { global_index: it }
                if it == global_index =>
            {
                return None;
            }
            // An exception and a tail call leave the function as no return does.
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::CallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. } => return None,
            _ => {}
        }
    }
    Some(global)
}
