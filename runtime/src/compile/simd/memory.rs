//! Loads and stores of vectors and of their lanes.

use super::super::translator::Translator;
use super::V128;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasmparser::{MemArg, Operator};

impl Translator<'_, '_> {
    /// Translates a vector's load or store; `false` for all other operators.
    #[rustfmt::skip] // a table
    pub(super) fn vector_memory(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        macro_rules! widen { ($op:ident $memarg:ident) => {{ let (address, offset) = self.address($memarg, 8); let v = self.builder.ins().$op(Self::flags(), address, offset); self.push_vector(v); }} }
        match operator {
            O::V128Load { memarg } => self.load(memarg, V128),
            O::V128Store { memarg } => self.store(memarg, None, 16),
            O::V128Load8x8S { memarg } => widen!(sload8x8 memarg),
            O::V128Load8x8U { memarg } => widen!(uload8x8 memarg),
            O::V128Load16x4S { memarg } => widen!(sload16x4 memarg),
            O::V128Load16x4U { memarg } => widen!(uload16x4 memarg),
            O::V128Load32x2S { memarg } => widen!(sload32x2 memarg),
            O::V128Load32x2U { memarg } => widen!(uload32x2 memarg),
            O::V128Load8Splat { memarg } => self.load_splat(memarg, I8X16),
            O::V128Load16Splat { memarg } => self.load_splat(memarg, I16X8),
            O::V128Load32Splat { memarg } => self.load_splat(memarg, I32X4),
            O::V128Load64Splat { memarg } => self.load_splat(memarg, I64X2),
            O::V128Load32Zero { memarg } => self.load_first(memarg, I32X4),
            O::V128Load64Zero { memarg } => self.load_first(memarg, I64X2),
            O::V128Load8Lane { memarg, lane } => self.load_lane(memarg, I8X16, *lane),
            O::V128Load16Lane { memarg, lane } => self.load_lane(memarg, I16X8, *lane),
            O::V128Load32Lane { memarg, lane } => self.load_lane(memarg, I32X4, *lane),
            O::V128Load64Lane { memarg, lane } => self.load_lane(memarg, I64X2, *lane),
            O::V128Store8Lane { memarg, lane } => self.store_lane(memarg, I8X16, *lane),
            O::V128Store16Lane { memarg, lane } => self.store_lane(memarg, I16X8, *lane),
            O::V128Store32Lane { memarg, lane } => self.store_lane(memarg, I32X4, *lane),
            O::V128Store64Lane { memarg, lane } => self.store_lane(memarg, I64X2, *lane),
            _ => return false,
        }
        true
    }

    fn load_splat(&mut self, memarg: &MemArg, lanes: Type) {
        self.load(memarg, lanes.lane_type());
        let value = self.pop();
        let value = self.builder.ins().splat(lanes, value);
        self.push_vector(value);
    }

    /// Loads the first lane; the others are zero.
    fn load_first(&mut self, memarg: &MemArg, lanes: Type) {
        self.load(memarg, lanes.lane_type());
        let value = self.pop();
        let value = self.builder.ins().scalar_to_vector(lanes, value);
        self.push_vector(value);
    }

    fn load_lane(&mut self, memarg: &MemArg, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        self.load(memarg, lanes.lane_type());
        let value = self.pop();
        let value = self.builder.ins().insertlane(vector, value, lane);
        self.push_vector(value);
    }

    fn store_lane(&mut self, memarg: &MemArg, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        let value = self.builder.ins().extractlane(vector, lane);
        self.push(value);
        self.store(memarg, None, lanes.lane_type().bytes());
    }
}
