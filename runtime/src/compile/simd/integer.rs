//! Integer arithmetic on lanes, and tests of all lanes.

use super::super::translator::Translator;
use super::convert::Sign;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates integer arithmetic on vectors; `false` for all other operators.
    pub(super) fn vector_integer(&mut self, operator: &Operator<'_>) -> bool {
        self.sum_of_lanes(operator)
            || self.shift_of_lanes(operator)
            || self.test_of_lanes(operator)
            || self.widening_arithmetic(operator)
    }

    #[rustfmt::skip] // a table
    fn sum_of_lanes(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I8x16Abs => unary!(self iabs I8X16),
            O::I8x16Neg => unary!(self ineg I8X16),
            O::I8x16Popcnt => unary!(self popcnt I8X16),
            O::I8x16Add => binary!(self iadd I8X16),
            O::I8x16AddSatS => binary!(self sadd_sat I8X16),
            O::I8x16AddSatU => binary!(self uadd_sat I8X16),
            O::I8x16Sub => binary!(self isub I8X16),
            O::I8x16SubSatS => binary!(self ssub_sat I8X16),
            O::I8x16SubSatU => binary!(self usub_sat I8X16),
            O::I8x16MinS => binary!(self smin I8X16),
            O::I8x16MinU => binary!(self umin I8X16),
            O::I8x16MaxS => binary!(self smax I8X16),
            O::I8x16MaxU => binary!(self umax I8X16),
            O::I8x16AvgrU => binary!(self avg_round I8X16),
            O::I16x8Abs => unary!(self iabs I16X8),
            O::I16x8Neg => unary!(self ineg I16X8),
            O::I16x8Q15MulrSatS => binary!(self sqmul_round_sat I16X8),
            O::I16x8Add => binary!(self iadd I16X8),
            O::I16x8AddSatS => binary!(self sadd_sat I16X8),
            O::I16x8AddSatU => binary!(self uadd_sat I16X8),
            O::I16x8Sub => binary!(self isub I16X8),
            O::I16x8SubSatS => binary!(self ssub_sat I16X8),
            O::I16x8SubSatU => binary!(self usub_sat I16X8),
            O::I16x8Mul => binary!(self imul I16X8),
            O::I16x8MinS => binary!(self smin I16X8),
            O::I16x8MinU => binary!(self umin I16X8),
            O::I16x8MaxS => binary!(self smax I16X8),
            O::I16x8MaxU => binary!(self umax I16X8),
            O::I16x8AvgrU => binary!(self avg_round I16X8),
            O::I32x4Abs => unary!(self iabs I32X4),
            O::I32x4Neg => unary!(self ineg I32X4),
            O::I32x4Add => binary!(self iadd I32X4),
            O::I32x4Sub => binary!(self isub I32X4),
            O::I32x4Mul => binary!(self imul I32X4),
            O::I32x4MinS => binary!(self smin I32X4),
            O::I32x4MinU => binary!(self umin I32X4),
            O::I32x4MaxS => binary!(self smax I32X4),
            O::I32x4MaxU => binary!(self umax I32X4),
            O::I64x2Abs => unary!(self iabs I64X2),
            O::I64x2Neg => unary!(self ineg I64X2),
            O::I64x2Add => binary!(self iadd I64X2),
            O::I64x2Sub => binary!(self isub I64X2),
            O::I64x2Mul => binary!(self imul I64X2),
            _ => return false,
        }
        true
    }

    /// Shifts all lanes by one count; CLIF, too, takes it modulo the lane's width.
    #[rustfmt::skip] // a table
    fn shift_of_lanes(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        macro_rules! shift { ($op:ident $lanes:ident) => {{ let by = self.pop(); let a = self.pop_lanes($lanes); let v = self.builder.ins().$op(a, by); self.push_vector(v); }} }
        match operator {
            O::I8x16Shl => shift!(ishl I8X16),
            O::I8x16ShrS => shift!(sshr I8X16),
            O::I8x16ShrU => shift!(ushr I8X16),
            O::I16x8Shl => shift!(ishl I16X8),
            O::I16x8ShrS => shift!(sshr I16X8),
            O::I16x8ShrU => shift!(ushr I16X8),
            O::I32x4Shl => shift!(ishl I32X4),
            O::I32x4ShrS => shift!(sshr I32X4),
            O::I32x4ShrU => shift!(ushr I32X4),
            O::I64x2Shl => shift!(ishl I64X2),
            O::I64x2ShrS => shift!(sshr I64X2),
            O::I64x2ShrU => shift!(ushr I64X2),
            _ => return false,
        }
        true
    }

    /// Reduces all lanes to an i32.
    fn test_of_lanes(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I8x16AllTrue => self.all_lanes(I8X16),
            O::I16x8AllTrue => self.all_lanes(I16X8),
            O::I32x4AllTrue => self.all_lanes(I32X4),
            O::I64x2AllTrue => self.all_lanes(I64X2),
            O::I8x16Bitmask => self.signs_of_lanes(I8X16),
            O::I16x8Bitmask => self.signs_of_lanes(I16X8),
            O::I32x4Bitmask => self.signs_of_lanes(I32X4),
            O::I64x2Bitmask => self.signs_of_lanes(I64X2),
            _ => return false,
        }
        true
    }

    fn all_lanes(&mut self, lanes: Type) {
        let a = self.pop_lanes(lanes);
        let value = self.builder.ins().vall_true(a);
        self.push_bool(value);
    }

    fn signs_of_lanes(&mut self, lanes: Type) {
        let a = self.pop_lanes(lanes);
        let value = self.builder.ins().vhigh_bits(I32, a);
        self.push(value);
    }

    /// Adds and multiplies into lanes of twice the width.
    #[rustfmt::skip] // a table
    fn widening_arithmetic(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        use Sign::{Signed, Unsigned};
        let (low, high): (fn(&mut Self, Value, Sign) -> Value, fn(&mut Self, Value, Sign) -> Value) = (Self::widen_low, Self::widen_high);
        match operator {
            O::I16x8ExtMulLowI8x16S => self.multiply_wide(I8X16, low, Signed),
            O::I16x8ExtMulHighI8x16S => self.multiply_wide(I8X16, high, Signed),
            O::I16x8ExtMulLowI8x16U => self.multiply_wide(I8X16, low, Unsigned),
            O::I16x8ExtMulHighI8x16U => self.multiply_wide(I8X16, high, Unsigned),
            O::I32x4ExtMulLowI16x8S => self.multiply_wide(I16X8, low, Signed),
            O::I32x4ExtMulHighI16x8S => self.multiply_wide(I16X8, high, Signed),
            O::I32x4ExtMulLowI16x8U => self.multiply_wide(I16X8, low, Unsigned),
            O::I32x4ExtMulHighI16x8U => self.multiply_wide(I16X8, high, Unsigned),
            O::I64x2ExtMulLowI32x4S => self.multiply_wide(I32X4, low, Signed),
            O::I64x2ExtMulHighI32x4S => self.multiply_wide(I32X4, high, Signed),
            O::I64x2ExtMulLowI32x4U => self.multiply_wide(I32X4, low, Unsigned),
            O::I64x2ExtMulHighI32x4U => self.multiply_wide(I32X4, high, Unsigned),
            O::I16x8ExtAddPairwiseI8x16S => self.add_neighbours(I8X16, Signed),
            O::I16x8ExtAddPairwiseI8x16U => self.add_neighbours(I8X16, Unsigned),
            O::I32x4ExtAddPairwiseI16x8S => self.add_neighbours(I16X8, Signed),
            O::I32x4ExtAddPairwiseI16x8U => self.add_neighbours(I16X8, Unsigned),
            O::I32x4DotI16x8S => { let (a, b) = self.pop2_lanes(I16X8); let v = self.dot_product(a, b); self.push_vector(v); }
            _ => return false,
        }
        true
    }

    fn multiply_wide(
        &mut self,
        lanes: Type,
        half: fn(&mut Self, Value, Sign) -> Value,
        sign: Sign,
    ) {
        let (a, b) = self.pop2_lanes(lanes);
        let (a, b) = (half(self, a, sign), half(self, b, sign));
        let value = self.builder.ins().imul(a, b);
        self.push_vector(value);
    }

    /// Adds adjacent lanes.
    fn add_neighbours(&mut self, lanes: Type, sign: Sign) {
        let a = self.pop_lanes(lanes);
        let (low, high) = (self.widen_low(a, sign), self.widen_high(a, sign));
        let value = self.builder.ins().iadd_pairwise(low, high);
        self.push_vector(value);
    }

    /// Multiplies signed lanes and adds adjacent products, in lanes of twice the width.
    pub(super) fn dot_product(&mut self, a: Value, b: Value) -> Value {
        let sign = Sign::Signed;
        let (a_low, b_low) = (self.widen_low(a, sign), self.widen_low(b, sign));
        let low = self.builder.ins().imul(a_low, b_low);
        let (a_high, b_high) = (self.widen_high(a, sign), self.widen_high(b, sign));
        let high = self.builder.ins().imul(a_high, b_high);
        self.builder.ins().iadd_pairwise(low, high)
    }
}
