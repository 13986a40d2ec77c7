//! Arithmetic on lanes of floating-point numbers.

use super::super::body::Translator;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32X4, F64X2};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates floating-point arithmetic on vectors; `false` for all other operators.
    #[rustfmt::skip] // a table
    pub(super) fn vector_float(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        macro_rules! unary { ($op:ident $lanes:ident) => {{ let a = self.pop_lanes($lanes); let v = self.builder.ins().$op(a); self.push_vector(v); }} }
        macro_rules! binary { ($op:ident $lanes:ident) => {{ let (a, b) = self.pop2_lanes($lanes); let v = self.builder.ins().$op(a, b); self.push_vector(v); }} }
        match operator {
            O::F32x4Ceil => unary!(ceil F32X4),
            O::F32x4Floor => unary!(floor F32X4),
            O::F32x4Trunc => unary!(trunc F32X4),
            O::F32x4Nearest => unary!(nearest F32X4),
            O::F32x4Abs => unary!(fabs F32X4),
            O::F32x4Neg => unary!(fneg F32X4),
            O::F32x4Sqrt => unary!(sqrt F32X4),
            O::F32x4Add => binary!(fadd F32X4),
            O::F32x4Sub => binary!(fsub F32X4),
            O::F32x4Mul => binary!(fmul F32X4),
            O::F32x4Div => binary!(fdiv F32X4),
            O::F32x4Min => binary!(fmin F32X4),
            O::F32x4Max => binary!(fmax F32X4),
            O::F32x4PMin => self.select_second(F32X4, FloatCC::LessThan),
            O::F32x4PMax => self.select_second(F32X4, FloatCC::GreaterThan),
            O::F64x2Ceil => unary!(ceil F64X2),
            O::F64x2Floor => unary!(floor F64X2),
            O::F64x2Trunc => unary!(trunc F64X2),
            O::F64x2Nearest => unary!(nearest F64X2),
            O::F64x2Abs => unary!(fabs F64X2),
            O::F64x2Neg => unary!(fneg F64X2),
            O::F64x2Sqrt => unary!(sqrt F64X2),
            O::F64x2Add => binary!(fadd F64X2),
            O::F64x2Sub => binary!(fsub F64X2),
            O::F64x2Mul => binary!(fmul F64X2),
            O::F64x2Div => binary!(fdiv F64X2),
            O::F64x2Min => binary!(fmin F64X2),
            O::F64x2Max => binary!(fmax F64X2),
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
