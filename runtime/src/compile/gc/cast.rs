//! Tests of references: conditions that one refers to a value of a type.

use super::super::translator::Translator;
use crate::abi::heap::{
    I31_BIT, KIND, KIND_ARRAY, KIND_MASK, KIND_STRUCT, TAG_HOST, TAG_MASK, TYPE,
};
use crate::abi::layout::VmFuncRef;
use crate::index::TypeIndex;
use crate::module::reference::{HeapType, RefType};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32};
use cranelift_codegen::ir::{BlockArg, InstBuilder, MemFlagsData, Value};
use std::mem::offset_of;

impl Translator<'_, '_> {
    /// Returns a condition: that a reference is of a type, of whose hierarchy it is.
    pub(super) fn is_instance(&mut self, reference: Value, ty: RefType) -> Value {
        let is_nullable = ty.is_nullable();
        match ty.heap_type() {
            HeapType::Any | HeapType::Extern | HeapType::Func | HeapType::Exn => {
                let is_null = self.is_null(reference);
                match is_nullable {
                    true => self.builder.ins().iconst(I8, 1),
                    false => self.not(is_null),
                }
            }
            HeapType::None | HeapType::NoExtern | HeapType::NoFunc | HeapType::NoExn => {
                match is_nullable {
                    true => self.is_null(reference),
                    false => self.builder.ins().iconst(I8, 0),
                }
            }
            HeapType::I31 => {
                let bit = self.builder.ins().band_imm_u(reference, I31_BIT);
                let is_number = self.builder.ins().ireduce(I8, bit);
                self.or_null(reference, is_number, is_nullable)
            }
            HeapType::Eq => {
                let tag = self.builder.ins().band_imm_u(reference, TAG_MASK);
                let is_guests = self
                    .builder
                    .ins()
                    .icmp_imm_s(IntCC::NotEqual, tag, TAG_HOST);
                if is_nullable {
                    return is_guests;
                }
                let is_null = self.is_null(reference);
                let present = self.not(is_null);
                self.builder.ins().band(present, is_guests)
            }
            heap => self.is_object(reference, heap, is_nullable),
        }
    }

    fn not(&mut self, condition: Value) -> Value {
        self.builder.ins().icmp_imm_s(IntCC::Equal, condition, 0)
    }

    fn or_null(&mut self, reference: Value, condition: Value, is_nullable: bool) -> Value {
        if !is_nullable {
            return condition;
        }
        let is_null = self.is_null(reference);
        self.builder.ins().bor(condition, is_null)
    }

    /// The same for a type whose values have their type with them: structures, arrays, and functions of a type.
    fn is_object(&mut self, reference: Value, heap: HeapType, is_nullable: bool) -> Value {
        let [present, object, done] = [(); 3].map(|()| self.builder.create_block());
        let result = self.builder.append_block_param(done, I8);
        let null = self.builder.ins().iconst(I8, i64::from(is_nullable));
        let null = [BlockArg::Value(null)];
        let ins = self.builder.ins();
        ins.brif(reference, present, &[], done, &null);
        self.builder.switch_to_block(present);
        if self.env.module.is_function(heap) {
            self.builder.ins().jump(object, &[]);
        } else {
            let no = self.builder.ins().iconst(I8, 0);
            let tag = self.builder.ins().band_imm_u(reference, TAG_MASK);
            let no = [BlockArg::Value(no)];
            self.builder.ins().brif(tag, done, &no, object, &[]);
        }
        self.builder.switch_to_block(object);
        let is_one = match heap {
            HeapType::Defined(ty) => self.is_of_type(reference, ty),
            heap => self.is_of_kind(reference, heap),
        };
        self.builder.ins().jump(done, &[BlockArg::Value(is_one)]);
        self.builder.switch_to_block(done);
        result
    }

    fn is_of_type(&mut self, reference: Value, ty: TypeIndex) -> Value {
        let flags = MemFlagsData::trusted().with_readonly();
        let (address, offset) = match self.env.module.types[ty].function() {
            Some(_) => (reference, offset_of!(VmFuncRef, type_id) as i32),
            None => (self.object(reference), TYPE),
        };
        let found = self.builder.ins().load(I32, flags, address, offset);
        self.is_subtype(found, ty)
    }

    fn is_of_kind(&mut self, reference: Value, heap: HeapType) -> Value {
        let wanted = match heap {
            HeapType::Struct => KIND_STRUCT,
            _ => KIND_ARRAY,
        };
        let address = self.object(reference);
        let flags = MemFlagsData::trusted();
        let kind = self.builder.ins().load(I32, flags, address, KIND);
        let kind = self.builder.ins().band_imm_u(kind, i64::from(KIND_MASK));
        let equal = IntCC::Equal;
        self.builder
            .ins()
            .icmp_imm_s(equal, kind, i64::from(wanted))
    }
}
