//! Structures, arrays, and numbers of 31 bits: objects of the heap (`abi/heap.rs`), and casts of references to them.

mod array;
mod cast;
mod field;
mod structure;

use super::signature::POINTER;
use super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::heap::{I31_BIT, LENGTH};
use crate::abi::layout::{VmContextHead, VmStoreContext};
use crate::abi::trap::TrapKind;
use crate::index::TypeIndex;
use crate::module::reference::RefType;
use crate::module::section_types::{heap_type, ref_type};
use crate::module::validate::ModuleError;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use std::mem::offset_of;
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates an operator on objects of the heap; `false` for all others.
    pub(super) fn gc_operator(&mut self, operator: &Operator<'_>) -> Result<bool, ModuleError> {
        let is_one = self.structure_operator(operator)
            || self.array_operator(operator)
            || self.i31_operator(operator)
            || self.cast_operator(operator)?;
        Ok(is_one)
    }

    fn i31_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::RefI31 => {
                let value = self.pop();
                let shifted = self.builder.ins().ishl_imm_u(value, 1);
                let tagged = self.builder.ins().bor_imm_s(shifted, I31_BIT);
                let reference = self.builder.ins().uextend(I64, tagged);
                self.push(reference);
            }
            Operator::I31GetS | Operator::I31GetU => {
                let reference = self.pop();
                self.trap_if_null(reference);
                let tagged = self.builder.ins().ireduce(I32, reference);
                let value = match operator {
                    Operator::I31GetS => self.builder.ins().sshr_imm_u(tagged, 1),
                    _ => self.builder.ins().ushr_imm_u(tagged, 1),
                };
                self.push(value);
            }
            Operator::RefEq => {
                let (a, b) = self.pop2();
                let equal = self.builder.ins().icmp(IntCC::Equal, a, b);
                self.push_bool(equal);
            }
            // Both are the same words.
            Operator::AnyConvertExtern | Operator::ExternConvertAny => {}
            _ => return false,
        }
        true
    }

    fn cast_operator(&mut self, operator: &Operator<'_>) -> Result<bool, ModuleError> {
        let (is_nullable, heap) = match operator {
            Operator::RefTestNonNull { hty } | Operator::RefCastNonNull { hty } => (false, hty),
            Operator::RefTestNullable { hty } | Operator::RefCastNullable { hty } => (true, hty),
            _ => return Ok(false),
        };
        let ty = RefType::new(is_nullable, heap_type(*heap)?);
        match operator {
            Operator::RefTestNonNull { .. } | Operator::RefTestNullable { .. } => {
                let reference = self.pop();
                let is_one = self.is_instance(reference, ty);
                self.push_bool(is_one);
            }
            _ => {
                let reference = self.top();
                let is_one = self.is_instance(reference, ty);
                let failed = TrapKind::CastFailure.clif();
                self.builder.ins().trapz(is_one, failed);
            }
        }
        Ok(true)
    }

    /// Branches by the type of the topmost operand; `false` for other operators.
    pub(super) fn branch_on_cast(&mut self, operator: &Operator<'_>) -> Result<bool, ModuleError> {
        let (depth, ty, on_success) = match operator {
            Operator::BrOnCast {
                relative_depth,
                to_ref_type,
                ..
            } => (*relative_depth, ref_type(*to_ref_type)?, true),
            Operator::BrOnCastFail {
                relative_depth,
                to_ref_type,
                ..
            } => (*relative_depth, ref_type(*to_ref_type)?, false),
            _ => return Ok(false),
        };
        let reference = self.top();
        let mut goes = self.is_instance(reference, ty);
        if !on_success {
            goes = self.builder.ins().icmp_imm_s(IntCC::Equal, goes, 0);
        }
        self.branch_on(goes, depth);
        Ok(true)
    }

    /// The address of an object.
    fn object(&mut self, reference: Value) -> Value {
        let context = self.context();
        let flags = MemFlagsData::trusted().with_readonly();
        let offset = offset_of!(VmContextHead, store) as i32;
        let store = self.builder.ins().load(POINTER, flags, context, offset);
        let offset = offset_of!(VmStoreContext, heap) as i32;
        let heap = self.builder.ins().load(POINTER, flags, store, offset);
        // Whatever the reference is (a debugger may have set it), the object is in the heap's address space.
        let distance = self.builder.ins().ireduce(I32, reference);
        let distance = self.builder.ins().uextend(I64, distance);
        self.builder.ins().iadd(heap, distance)
    }

    /// The number of an array's elements, which never changes.
    fn array_len(&mut self, array: Value) -> Value {
        let flags = MemFlagsData::trusted();
        self.builder.ins().load(I32, flags, array, LENGTH)
    }

    /// Calls the runtime for a new object; traps where the heap is full.
    fn allocate(&mut self, builtin: Builtin, ty: TypeIndex, len: Option<Value>) -> Value {
        let index = self.index(ty.as_u32());
        let args: Vec<_> = [index].into_iter().chain(len).collect();
        let object = self.call_builtin(builtin, &args);
        let full = TrapKind::HeapFull.clif();
        self.builder.ins().trapz(object, full);
        object
    }
}
