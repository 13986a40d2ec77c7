//! Why code traps, as Cranelift's codes.

use crate::abi::trap::TrapKind;
use cranelift_codegen::ir;

impl TrapKind {
    /// The code that the compiler marks instructions with.
    pub(super) fn clif(self) -> ir::TrapCode {
        match self {
            // Cranelift makes these two itself, for checks that the hardware does.
            TrapKind::IntegerOverflow => ir::TrapCode::INTEGER_OVERFLOW,
            TrapKind::IntegerDivisionByZero => ir::TrapCode::INTEGER_DIVISION_BY_ZERO,
            TrapKind::BadConversionToInteger => ir::TrapCode::BAD_CONVERSION_TO_INTEGER,
            TrapKind::StackOverflow => ir::TrapCode::STACK_OVERFLOW,
            kind => ir::TrapCode::unwrap_user(kind as u8),
        }
    }

    /// The kind that a compiler's code stands for.
    pub(super) fn from_clif(code: ir::TrapCode) -> Option<TrapKind> {
        [
            TrapKind::IntegerOverflow,
            TrapKind::IntegerDivisionByZero,
            TrapKind::BadConversionToInteger,
            TrapKind::StackOverflow,
        ]
        .into_iter()
        .find(|kind| kind.clif() == code)
        .or_else(|| TrapKind::from_code(code.as_raw().get()))
    }
}
