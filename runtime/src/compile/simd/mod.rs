//! Vector operators, a file for each kind. On the operand stack, in locals and in block parameters a v128 is an `I8X16`; an operator on
//! other lanes casts its operands and its result, which generates no code.

/// Pops a vector, and pushes what an instruction makes of its lanes.
macro_rules! unary {
    ($self:ident $op:ident $lanes:ident) => {{
        let a = $self.pop_lanes($lanes);
        let value = $self.builder.ins().$op(a);
        $self.push_vector(value);
    }};
}

/// Pops two vectors, and pushes what an instruction makes of their lanes.
macro_rules! binary {
    ($self:ident $op:ident $lanes:ident) => {{
        let (a, b) = $self.pop2_lanes($lanes);
        let value = $self.builder.ins().$op(a, b);
        $self.push_vector(value);
    }};
}

mod bits;
mod compare;
mod convert;
mod float;
mod integer;
mod lane;
mod memory;
mod relaxed;

use super::signature::V128;
use super::translator::Translator;
use cranelift_codegen::ir::{
    Endianness, InstBuilder, InstructionData, MemFlagsData, Opcode, Type, Value,
};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates an operator on vectors; `false` for all others.
    pub(super) fn vector_operator(&mut self, operator: &Operator<'_>) -> bool {
        self.vector_memory(operator)
            || self.vector_lane(operator)
            || self.vector_bits(operator)
            || self.vector_integer(operator)
            || self.vector_float(operator)
            || self.vector_comparison(operator)
            || self.vector_conversion(operator)
            || self.relaxed_operator(operator)
    }

    /// Casts a vector to other lanes.
    fn with_lanes(&mut self, value: Value, lanes: Type) -> Value {
        let dfg = &self.builder.func.dfg;
        if dfg.value_type(value) == lanes {
            return value;
        }
        // The result of an operator on the same lanes needs no second cast.
        if let Some(inst) = dfg.value_def(value).inst()
            && let InstructionData::LoadNoOffset {
                opcode: Opcode::Bitcast,
                arg,
                ..
            } = dfg.insts[inst]
            && dfg.value_type(arg) == lanes
        {
            return arg;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(lanes, flags, value)
    }

    fn pop_lanes(&mut self, lanes: Type) -> Value {
        let value = self.pop();
        self.with_lanes(value, lanes)
    }

    fn pop2_lanes(&mut self, lanes: Type) -> (Value, Value) {
        let (first, second) = self.pop2();
        let first = self.with_lanes(first, lanes);
        (first, self.with_lanes(second, lanes))
    }

    fn pop3_lanes(&mut self, lanes: Type) -> (Value, Value, Value) {
        let third = self.pop_lanes(lanes);
        let (first, second) = self.pop2_lanes(lanes);
        (first, second, third)
    }

    fn push_vector(&mut self, value: Value) {
        let value = self.with_lanes(value, V128);
        self.push(value);
    }

    /// Makes a constant vector.
    pub(super) fn vector_constant(&mut self, lanes: Type, bytes: [u8; 16]) -> Value {
        let constant = self.builder.func.dfg.constants.insert(bytes[..].into());
        self.builder.ins().vconst(lanes, constant)
    }
}
