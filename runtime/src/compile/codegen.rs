//! CLIF → machine code, and what the code generator says of it.

use super::code_motion::BlockStarts;
use super::observe::{self, CompiledFunction};
use crate::compile_error::CompileError;
use cranelift_codegen::isa::TargetIsa;

/// Compiles a CLIF function. Where an optimizer is given, it comes first, and the code generator is one that does not optimise.
///
/// # Errors
/// What the code generator refuses.
pub fn codegen(
    isa: &dyn TargetIsa,
    optimizer: Option<&dyn TargetIsa>,
    context: &mut cranelift_codegen::Context,
    index: u32,
) -> Result<CompiledFunction, CompileError> {
    let fail = |reason: String| CompileError::Function { index, reason };
    if let Some(optimizer) = optimizer {
        let starts = BlockStarts::of(&context.func);
        context
            .optimize(optimizer, &mut Default::default())
            .map_err(|error| fail(format!("{error:?}")))?;
        starts.correct(&mut context.func);
    }
    context
        .compile(isa, &mut Default::default())
        .map_err(|error| fail(format!("{:?}", error.inner)))?;
    observe::observe(isa, context).map_err(fail)
}
