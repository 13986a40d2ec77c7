//! Comparisons of lanes: the lanes of the result are all ones where the comparison holds, and zero elsewhere.

use super::super::translator::Translator;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates a comparison of vectors; `false` for all others.
    #[rustfmt::skip] // a table
    pub(super) fn vector_comparison(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I8x16Eq => self.compare_lanes(I8X16, IntCC::Equal),
            O::I8x16Ne => self.compare_lanes(I8X16, IntCC::NotEqual),
            O::I8x16LtS => self.compare_lanes(I8X16, IntCC::SignedLessThan),
            O::I8x16LtU => self.compare_lanes(I8X16, IntCC::UnsignedLessThan),
            O::I8x16GtS => self.compare_lanes(I8X16, IntCC::SignedGreaterThan),
            O::I8x16GtU => self.compare_lanes(I8X16, IntCC::UnsignedGreaterThan),
            O::I8x16LeS => self.compare_lanes(I8X16, IntCC::SignedLessThanOrEqual),
            O::I8x16LeU => self.compare_lanes(I8X16, IntCC::UnsignedLessThanOrEqual),
            O::I8x16GeS => self.compare_lanes(I8X16, IntCC::SignedGreaterThanOrEqual),
            O::I8x16GeU => self.compare_lanes(I8X16, IntCC::UnsignedGreaterThanOrEqual),
            O::I16x8Eq => self.compare_lanes(I16X8, IntCC::Equal),
            O::I16x8Ne => self.compare_lanes(I16X8, IntCC::NotEqual),
            O::I16x8LtS => self.compare_lanes(I16X8, IntCC::SignedLessThan),
            O::I16x8LtU => self.compare_lanes(I16X8, IntCC::UnsignedLessThan),
            O::I16x8GtS => self.compare_lanes(I16X8, IntCC::SignedGreaterThan),
            O::I16x8GtU => self.compare_lanes(I16X8, IntCC::UnsignedGreaterThan),
            O::I16x8LeS => self.compare_lanes(I16X8, IntCC::SignedLessThanOrEqual),
            O::I16x8LeU => self.compare_lanes(I16X8, IntCC::UnsignedLessThanOrEqual),
            O::I16x8GeS => self.compare_lanes(I16X8, IntCC::SignedGreaterThanOrEqual),
            O::I16x8GeU => self.compare_lanes(I16X8, IntCC::UnsignedGreaterThanOrEqual),
            O::I32x4Eq => self.compare_lanes(I32X4, IntCC::Equal),
            O::I32x4Ne => self.compare_lanes(I32X4, IntCC::NotEqual),
            O::I32x4LtS => self.compare_lanes(I32X4, IntCC::SignedLessThan),
            O::I32x4LtU => self.compare_lanes(I32X4, IntCC::UnsignedLessThan),
            O::I32x4GtS => self.compare_lanes(I32X4, IntCC::SignedGreaterThan),
            O::I32x4GtU => self.compare_lanes(I32X4, IntCC::UnsignedGreaterThan),
            O::I32x4LeS => self.compare_lanes(I32X4, IntCC::SignedLessThanOrEqual),
            O::I32x4LeU => self.compare_lanes(I32X4, IntCC::UnsignedLessThanOrEqual),
            O::I32x4GeS => self.compare_lanes(I32X4, IntCC::SignedGreaterThanOrEqual),
            O::I32x4GeU => self.compare_lanes(I32X4, IntCC::UnsignedGreaterThanOrEqual),
            O::I64x2Eq => self.compare_lanes(I64X2, IntCC::Equal),
            O::I64x2Ne => self.compare_lanes(I64X2, IntCC::NotEqual),
            O::I64x2LtS => self.compare_lanes(I64X2, IntCC::SignedLessThan),
            O::I64x2GtS => self.compare_lanes(I64X2, IntCC::SignedGreaterThan),
            O::I64x2LeS => self.compare_lanes(I64X2, IntCC::SignedLessThanOrEqual),
            O::I64x2GeS => self.compare_lanes(I64X2, IntCC::SignedGreaterThanOrEqual),
            O::F32x4Eq => self.compare_float_lanes(F32X4, FloatCC::Equal),
            O::F32x4Ne => self.compare_float_lanes(F32X4, FloatCC::NotEqual),
            O::F32x4Lt => self.compare_float_lanes(F32X4, FloatCC::LessThan),
            O::F32x4Gt => self.compare_float_lanes(F32X4, FloatCC::GreaterThan),
            O::F32x4Le => self.compare_float_lanes(F32X4, FloatCC::LessThanOrEqual),
            O::F32x4Ge => self.compare_float_lanes(F32X4, FloatCC::GreaterThanOrEqual),
            O::F64x2Eq => self.compare_float_lanes(F64X2, FloatCC::Equal),
            O::F64x2Ne => self.compare_float_lanes(F64X2, FloatCC::NotEqual),
            O::F64x2Lt => self.compare_float_lanes(F64X2, FloatCC::LessThan),
            O::F64x2Gt => self.compare_float_lanes(F64X2, FloatCC::GreaterThan),
            O::F64x2Le => self.compare_float_lanes(F64X2, FloatCC::LessThanOrEqual),
            O::F64x2Ge => self.compare_float_lanes(F64X2, FloatCC::GreaterThanOrEqual),
            _ => return false,
        }
        true
    }

    fn compare_lanes(&mut self, lanes: Type, condition: IntCC) {
        let (a, b) = self.pop2_lanes(lanes);
        let value = self.builder.ins().icmp(condition, a, b);
        self.push_vector(value);
    }

    fn compare_float_lanes(&mut self, lanes: Type, condition: FloatCC) {
        let (a, b) = self.pop2_lanes(lanes);
        let value = self.builder.ins().fcmp(condition, a, b);
        self.push_vector(value);
    }
}
