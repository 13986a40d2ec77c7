//! Operators that move lanes: splats, extraction, replacement, shuffles.

use super::super::translator::Translator;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates an operator that moves lanes; `false` for all others.
    #[rustfmt::skip] // a table
    pub(super) fn vector_lane(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I8x16Splat => self.splat(I8X16),
            O::I16x8Splat => self.splat(I16X8),
            O::I32x4Splat => self.splat(I32X4),
            O::I64x2Splat => self.splat(I64X2),
            O::F32x4Splat => self.splat(F32X4),
            O::F64x2Splat => self.splat(F64X2),
            O::I8x16ExtractLaneS { lane } => { let v = self.extract(I8X16, *lane); let v = self.builder.ins().sextend(I32, v); self.push(v); }
            O::I8x16ExtractLaneU { lane } => { let v = self.extract(I8X16, *lane); let v = self.builder.ins().uextend(I32, v); self.push(v); }
            O::I16x8ExtractLaneS { lane } => { let v = self.extract(I16X8, *lane); let v = self.builder.ins().sextend(I32, v); self.push(v); }
            O::I16x8ExtractLaneU { lane } => { let v = self.extract(I16X8, *lane); let v = self.builder.ins().uextend(I32, v); self.push(v); }
            O::I32x4ExtractLane { lane } => { let v = self.extract(I32X4, *lane); self.push(v); }
            O::I64x2ExtractLane { lane } => { let v = self.extract(I64X2, *lane); self.push(v); }
            O::F32x4ExtractLane { lane } => { let v = self.extract(F32X4, *lane); self.push(v); }
            O::F64x2ExtractLane { lane } => { let v = self.extract(F64X2, *lane); self.push(v); }
            O::I8x16ReplaceLane { lane } => self.replace(I8X16, *lane),
            O::I16x8ReplaceLane { lane } => self.replace(I16X8, *lane),
            O::I32x4ReplaceLane { lane } => self.replace(I32X4, *lane),
            O::I64x2ReplaceLane { lane } => self.replace(I64X2, *lane),
            O::F32x4ReplaceLane { lane } => self.replace(F32X4, *lane),
            O::F64x2ReplaceLane { lane } => self.replace(F64X2, *lane),
            O::I8x16Shuffle { lanes } => self.shuffle(lanes),
            O::I8x16Swizzle => self.swizzle(),
            _ => return false,
        }
        true
    }

    /// Pops the value of a lane; lanes narrower than an i32 take its low bits.
    fn pop_lane(&mut self, lanes: Type) -> Value {
        let value = self.pop();
        let lane = lanes.lane_type();
        if lane.bits() < 32 {
            return self.builder.ins().ireduce(lane, value);
        }
        value
    }

    fn splat(&mut self, lanes: Type) {
        let value = self.pop_lane(lanes);
        let value = self.builder.ins().splat(lanes, value);
        self.push_vector(value);
    }

    fn extract(&mut self, lanes: Type, lane: u8) -> Value {
        let vector = self.pop_lanes(lanes);
        self.builder.ins().extractlane(vector, lane)
    }

    fn replace(&mut self, lanes: Type, lane: u8) {
        let value = self.pop_lane(lanes);
        let vector = self.pop_lanes(lanes);
        let value = self.builder.ins().insertlane(vector, value, lane);
        self.push_vector(value);
    }

    fn shuffle(&mut self, lanes: &[u8; 16]) {
        let (a, b) = self.pop2_lanes(I8X16);
        let mask = self.builder.func.dfg.immediates.push(lanes[..].into());
        let value = self.builder.ins().shuffle(a, b, mask);
        self.push(value);
    }

    /// Selects lanes of the first vector by the indices in the second; 0 for indices out of range.
    pub(super) fn swizzle(&mut self) {
        let (a, b) = self.pop2_lanes(I8X16);
        let value = self.builder.ins().swizzle(a, b);
        self.push(value);
    }
}
