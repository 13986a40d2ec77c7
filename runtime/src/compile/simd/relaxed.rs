//! Relaxed operators, whose results the standard lets the implementation choose: those of the strict operators, and multiply-add with
//! the product rounded. The results are thus the same on all machines and at all levels; fused instructions belong to AVX, which
//! not all code for debuggers has.

use super::super::translator::Translator;
use super::convert::Sign;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates a relaxed operator; `false` for all others.
    #[rustfmt::skip] // a table
    pub(super) fn relaxed_operator(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I8x16RelaxedSwizzle => self.swizzle(),
            O::I32x4RelaxedTruncF32x4S => self.truncate_lanes(Sign::Signed),
            O::I32x4RelaxedTruncF32x4U => self.truncate_lanes(Sign::Unsigned),
            O::I32x4RelaxedTruncF64x2SZero => self.truncate_wide_lanes(Sign::Signed),
            O::I32x4RelaxedTruncF64x2UZero => self.truncate_wide_lanes(Sign::Unsigned),
            O::F32x4RelaxedMadd => self.multiply_and_add(F32X4),
            O::F32x4RelaxedNmadd => self.subtract_product(F32X4),
            O::F64x2RelaxedMadd => self.multiply_and_add(F64X2),
            O::F64x2RelaxedNmadd => self.subtract_product(F64X2),
            O::I8x16RelaxedLaneselect | O::I16x8RelaxedLaneselect | O::I32x4RelaxedLaneselect | O::I64x2RelaxedLaneselect => self.select_lanes(),
            O::F32x4RelaxedMin => binary!(self fmin F32X4),
            O::F32x4RelaxedMax => binary!(self fmax F32X4),
            O::F64x2RelaxedMin => binary!(self fmin F64X2),
            O::F64x2RelaxedMax => binary!(self fmax F64X2),
            O::I16x8RelaxedQ15mulrS => binary!(self sqmul_round_sat I16X8),
            O::I16x8RelaxedDotI8x16I7x16S => { let v = self.dot_of_bytes(); self.push_vector(v); }
            O::I32x4RelaxedDotI8x16I7x16AddS => self.add_dot_of_bytes(),
            _ => return false,
        }
        true
    }

    fn multiply_and_add(&mut self, lanes: Type) {
        let (a, b, c) = self.pop3_lanes(lanes);
        let product = self.builder.ins().fmul(a, b);
        let value = self.builder.ins().fadd(product, c);
        self.push_vector(value);
    }

    /// −(a × b) + c.
    fn subtract_product(&mut self, lanes: Type) {
        let (a, b, c) = self.pop3_lanes(lanes);
        let product = self.builder.ins().fmul(a, b);
        let value = self.builder.ins().fsub(c, product);
        self.push_vector(value);
    }

    fn select_lanes(&mut self) {
        let (a, b, mask) = self.pop3();
        let value = self.builder.ins().bitselect(mask, a, b);
        self.push(value);
    }

    /// Pops two vectors of signed bytes: the sums of each two products, which wrap.
    fn dot_of_bytes(&mut self) -> Value {
        let (a, b) = self.pop2_lanes(I8X16);
        self.dot_product(a, b)
    }

    fn add_dot_of_bytes(&mut self) {
        let c = self.pop_lanes(I32X4);
        let dot = self.dot_of_bytes();
        let (low, high) = (
            self.widen_low(dot, Sign::Signed),
            self.widen_high(dot, Sign::Signed),
        );
        let sums = self.builder.ins().iadd_pairwise(low, high);
        let value = self.builder.ins().iadd(sums, c);
        self.push_vector(value);
    }
}
