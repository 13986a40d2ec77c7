//! Conversions between lanes: of integers to wider and narrower ones, and between integers and floating-point numbers.

use super::super::translator::Translator;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

/// The signedness of integer lanes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Signed,
    Unsigned,
}

impl Translator<'_, '_> {
    /// Translates a conversion of vectors; `false` for all others.
    #[rustfmt::skip] // a table
    pub(super) fn vector_conversion(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I8x16NarrowI16x8S => binary!(self snarrow I16X8),
            O::I8x16NarrowI16x8U => binary!(self unarrow I16X8),
            O::I16x8NarrowI32x4S => binary!(self snarrow I32X4),
            O::I16x8NarrowI32x4U => binary!(self unarrow I32X4),
            O::I16x8ExtendLowI8x16S => unary!(self swiden_low I8X16),
            O::I16x8ExtendHighI8x16S => unary!(self swiden_high I8X16),
            O::I16x8ExtendLowI8x16U => unary!(self uwiden_low I8X16),
            O::I16x8ExtendHighI8x16U => unary!(self uwiden_high I8X16),
            O::I32x4ExtendLowI16x8S => unary!(self swiden_low I16X8),
            O::I32x4ExtendHighI16x8S => unary!(self swiden_high I16X8),
            O::I32x4ExtendLowI16x8U => unary!(self uwiden_low I16X8),
            O::I32x4ExtendHighI16x8U => unary!(self uwiden_high I16X8),
            O::I64x2ExtendLowI32x4S => unary!(self swiden_low I32X4),
            O::I64x2ExtendHighI32x4S => unary!(self swiden_high I32X4),
            O::I64x2ExtendLowI32x4U => unary!(self uwiden_low I32X4),
            O::I64x2ExtendHighI32x4U => unary!(self uwiden_high I32X4),
            O::F32x4DemoteF64x2Zero => unary!(self fvdemote F64X2),
            O::F64x2PromoteLowF32x4 => unary!(self fvpromote_low F32X4),
            O::I32x4TruncSatF32x4S => self.truncate_lanes(Sign::Signed),
            O::I32x4TruncSatF32x4U => self.truncate_lanes(Sign::Unsigned),
            O::I32x4TruncSatF64x2SZero => self.truncate_wide_lanes(Sign::Signed),
            O::I32x4TruncSatF64x2UZero => self.truncate_wide_lanes(Sign::Unsigned),
            O::F32x4ConvertI32x4S => { let a = self.pop_lanes(I32X4); let v = self.builder.ins().fcvt_from_sint(F32X4, a); self.push_vector(v); }
            O::F32x4ConvertI32x4U => { let a = self.pop_lanes(I32X4); let v = self.builder.ins().fcvt_from_uint(F32X4, a); self.push_vector(v); }
            O::F64x2ConvertLowI32x4S => { let a = self.pop_lanes(I32X4); let a = self.widen_low(a, Sign::Signed); let v = self.builder.ins().fcvt_from_sint(F64X2, a); self.push_vector(v); }
            O::F64x2ConvertLowI32x4U => { let a = self.pop_lanes(I32X4); let a = self.widen_low(a, Sign::Unsigned); let v = self.builder.ins().fcvt_from_uint(F64X2, a); self.push_vector(v); }
            _ => return false,
        }
        true
    }

    /// Pops four floating-point numbers and pushes integers: the nearest that there is, 0 for NaN.
    pub(super) fn truncate_lanes(&mut self, sign: Sign) {
        let a = self.pop_lanes(F32X4);
        let value = self.saturate(I32X4, a, sign);
        self.push_vector(value);
    }

    /// The same of two numbers, in the low lanes of a vector that is zero above.
    pub(super) fn truncate_wide_lanes(&mut self, sign: Sign) {
        let a = self.pop_lanes(F64X2);
        let wide = self.saturate(I64X2, a, sign);
        let zero = self.vector_constant(I64X2, [0; 16]);
        let value = match sign {
            Sign::Signed => self.builder.ins().snarrow(wide, zero),
            Sign::Unsigned => self.builder.ins().uunarrow(wide, zero),
        };
        self.push_vector(value);
    }

    fn saturate(&mut self, to: Type, value: Value, sign: Sign) -> Value {
        match sign {
            Sign::Signed => self.builder.ins().fcvt_to_sint_sat(to, value),
            Sign::Unsigned => self.builder.ins().fcvt_to_uint_sat(to, value),
        }
    }

    /// The low half of a vector's lanes, twice as wide.
    pub(super) fn widen_low(&mut self, value: Value, sign: Sign) -> Value {
        match sign {
            Sign::Signed => self.builder.ins().swiden_low(value),
            Sign::Unsigned => self.builder.ins().uwiden_low(value),
        }
    }

    /// The high half of a vector's lanes, twice as wide.
    pub(super) fn widen_high(&mut self, value: Value, sign: Sign) -> Value {
        match sign {
            Sign::Signed => self.builder.ins().swiden_high(value),
            Sign::Unsigned => self.builder.ins().uwiden_high(value),
        }
    }
}
