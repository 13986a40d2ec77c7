//! Tests of types: conditions that one, known when code runs, is a declared subtype of one that the code names. That is a comparison of ids
//! where that one is final, otherwise of one word of the type's row of supertypes (`abi/supertypes.rs`).

use super::signature::POINTER;
use super::translator::Translator;
use crate::abi::layout::VmContextHead;
use crate::abi::supertypes::{ID_BITS, SHORT};
use crate::index::TypeIndex;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use cranelift_entity::EntityRef;
use std::mem::offset_of;

impl Translator<'_, '_> {
    /// Returns a condition: that the type of an id is a subtype of an entry of the type section.
    pub(super) fn is_subtype(&mut self, id: Value, of: TypeIndex) -> Value {
        let expected = self.type_id(of);
        if self.env.module.types[of].is_final {
            return self.builder.ins().icmp(IntCC::Equal, id, expected);
        }
        let depth = self.env.module.types[of].depth;
        let flags = MemFlagsData::trusted().with_readonly();
        let rows = self.head_field(offset_of!(VmContextHead, supertypes));
        // Whatever the id is, its row is within the array.
        let id = self.builder.ins().band_imm_u(id, (1 << ID_BITS) - 1);
        let id = self.builder.ins().uextend(I64, id);
        let offset = self.builder.ins().ishl_imm_u(id, 2);
        let row = self.builder.ins().iadd(rows, offset);
        let place = 4 + 4 * depth as i32;
        let found = self.builder.ins().load(I32, flags, row, place);
        let is_it = self.builder.ins().icmp(IntCC::Equal, found, expected);
        if depth < SHORT {
            return is_it;
        }
        let above = self.builder.ins().load(I32, flags, row, 0);
        let depth = self.builder.ins().iconst(I32, i64::from(depth));
        let is_as_deep = IntCC::UnsignedGreaterThanOrEqual;
        let is_as_deep = self.builder.ins().icmp(is_as_deep, above, depth);
        self.builder.ins().band(is_it, is_as_deep)
    }

    /// The engine's id of an entry of the type section.
    pub(super) fn type_id(&mut self, ty: TypeIndex) -> Value {
        let flags = MemFlagsData::trusted().with_readonly();
        let ids = self.head_field(offset_of!(VmContextHead, type_ids));
        let offset = ty.index() as i32 * 4;
        self.builder.ins().load(I32, flags, ids, offset)
    }

    /// A pointer in the head of the running instance's context.
    fn head_field(&mut self, offset: usize) -> Value {
        let context = self.context();
        let flags = MemFlagsData::trusted().with_readonly();
        self.builder
            .ins()
            .load(POINTER, flags, context, offset as i32)
    }
}
