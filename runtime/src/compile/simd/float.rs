//! Arithmetic on lanes of floating-point numbers.

use super::super::translator::Translator;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32X4, F64X2};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates floating-point arithmetic on vectors; `false` for all other operators.
    #[rustfmt::skip] // a table
    pub(super) fn vector_float(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::F32x4Ceil => unary!(self ceil F32X4),
            O::F32x4Floor => unary!(self floor F32X4),
            O::F32x4Trunc => unary!(self trunc F32X4),
            O::F32x4Nearest => unary!(self nearest F32X4),
            O::F32x4Abs => unary!(self fabs F32X4),
            O::F32x4Neg => unary!(self fneg F32X4),
            O::F32x4Sqrt => unary!(self sqrt F32X4),
            O::F32x4Add => binary!(self fadd F32X4),
            O::F32x4Sub => binary!(self fsub F32X4),
            O::F32x4Mul => binary!(self fmul F32X4),
            O::F32x4Div => binary!(self fdiv F32X4),
            O::F32x4Min => binary!(self fmin F32X4),
            O::F32x4Max => binary!(self fmax F32X4),
            O::F32x4PMin => self.select_second(F32X4, FloatCC::LessThan),
            O::F32x4PMax => self.select_second(F32X4, FloatCC::GreaterThan),
            O::F64x2Ceil => unary!(self ceil F64X2),
            O::F64x2Floor => unary!(self floor F64X2),
            O::F64x2Trunc => unary!(self trunc F64X2),
            O::F64x2Nearest => unary!(self nearest F64X2),
            O::F64x2Abs => unary!(self fabs F64X2),
            O::F64x2Neg => unary!(self fneg F64X2),
            O::F64x2Sqrt => unary!(self sqrt F64X2),
            O::F64x2Add => binary!(self fadd F64X2),
            O::F64x2Sub => binary!(self fsub F64X2),
            O::F64x2Mul => binary!(self fmul F64X2),
            O::F64x2Div => binary!(self fdiv F64X2),
            O::F64x2Min => binary!(self fmin F64X2),
            O::F64x2Max => binary!(self fmax F64X2),
            O::F64x2PMin => self.select_second(F64X2, FloatCC::LessThan),
            O::F64x2PMax => self.select_second(F64X2, FloatCC::GreaterThan),
            _ => return false,
        }
        true
    }

    /// Selects the second of two lanes if it is less (or greater) than the first, and else the first, also for NaNs: pmin and pmax.
    fn select_second(&mut self, lanes: Type, condition: FloatCC) {
        let (a, b) = self.pop2_lanes(lanes);
        let is_second = self.builder.ins().fcmp(condition, b, a);
        let is_second = self.with_lanes(is_second, lanes);
        let value = self.builder.ins().bitselect(is_second, b, a);
        self.push_vector(value);
    }
}
