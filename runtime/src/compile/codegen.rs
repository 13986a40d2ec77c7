//! CLIF → machine code, and what the code generator says of it.

use super::CompileError;
use super::observe::{self, CompiledFunction};
use cranelift_codegen::isa::TargetIsa;

/// Compiles a CLIF function.
///
/// # Errors
/// What the code generator refuses.
pub fn codegen(
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
