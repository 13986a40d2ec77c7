//! Structures.

use super::super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::heap::ObjectLayout;
use crate::index::TypeIndex;
use crate::module::composite::StorageType;
use cranelift_codegen::ir::Value;
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates an operator on structures; `false` for all others.
    pub(super) fn structure_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::StructNew { struct_type_index } => {
                self.new_struct(TypeIndex::from_u32(struct_type_index));
            }
            Operator::StructNewDefault { struct_type_index } => {
                let ty = TypeIndex::from_u32(struct_type_index);
                let object = self.allocate(Builtin::NewStruct, ty, None);
                self.push(object);
            }
            Operator::StructGet {
                struct_type_index,
                field_index,
            }
            | Operator::StructGetS {
                struct_type_index,
                field_index,
            }
            | Operator::StructGetU {
                struct_type_index,
                field_index,
            } => {
                let is_signed = matches!(operator, Operator::StructGetS { .. });
                let (storage, offset) = self.struct_field(struct_type_index, field_index);
                let address = self.popped_object();
                let value = self.load_field(address, offset, storage, is_signed);
                self.push(value);
            }
            Operator::StructSet {
                struct_type_index,
                field_index,
            } => {
                let (storage, offset) = self.struct_field(struct_type_index, field_index);
                let value = self.pop();
                let reference = self.pop();
                self.trap_if_null(reference);
                let bits = self.field_bits(storage, value);
                let address = self.object(reference);
                self.store_field(address, offset, storage, bits);
            }
            _ => return false,
        }
        true
    }

    fn struct_fields(&self, ty: TypeIndex) -> &[(StorageType, u32)] {
        match self.env.layout.object(ty) {
            ObjectLayout::Struct { fields, .. } => fields,
            _ => unreachable!("validated: the type is a structure's"),
        }
    }

    fn struct_field(&self, ty: u32, field: u32) -> (StorageType, u32) {
        self.struct_fields(TypeIndex::from_u32(ty))[field as usize]
    }

    /// The address of the object that the topmost operand refers to.
    pub(super) fn popped_object(&mut self) -> Value {
        let reference = self.pop();
        self.trap_if_null(reference);
        self.object(reference)
    }

    fn new_struct(&mut self, ty: TypeIndex) {
        let fields = self.struct_fields(ty).to_vec();
        let values = self.stack.split_off(self.stack.len() - fields.len());
        let bits: Vec<_> = values
            .iter()
            .zip(&fields)
            .map(|(value, (storage, _))| self.field_bits(*storage, *value))
            .collect();
        let object = self.allocate(Builtin::NewStruct, ty, None);
        let address = self.object(object);
        for (bits, (storage, offset)) in bits.into_iter().zip(fields) {
            self.store_field(address, offset, storage, bits);
        }
        self.push(object);
    }
}
