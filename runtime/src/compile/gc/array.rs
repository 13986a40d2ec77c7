//! Arrays.

use super::super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::heap::ObjectLayout;
use crate::abi::trap::TrapKind;
use crate::index::TypeIndex;
use crate::module::composite::StorageType;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use wasmparser::Operator;

/// The elements of an array, as far as code knows them.
#[derive(Clone, Copy)]
struct Elements {
    storage: StorageType,
    size: u32,
    base: u32,
}

impl Translator<'_, '_> {
    /// Translates an operator on arrays; `false` for all others.
    pub(super) fn array_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::ArrayGet { array_type_index }
            | Operator::ArrayGetS { array_type_index }
            | Operator::ArrayGetU { array_type_index } => {
                let is_signed = matches!(operator, Operator::ArrayGetS { .. });
                self.array_get(array_type_index, is_signed);
            }
            Operator::ArraySet { array_type_index } => self.array_set(array_type_index),
            Operator::ArrayLen => {
                let array = self.popped_object();
                let len = self.array_len(array);
                self.push(len);
            }
            Operator::ArrayFill { array_type_index } => self.array_fill(array_type_index),
            Operator::ArrayCopy { .. } => self.array_copy(),
            Operator::ArrayInitData {
                array_type_index: ty,
                array_data_index: segment,
            } => {
                let kind = TrapKind::MemoryOutOfBounds;
                self.array_init(Builtin::ArrayInitData, [ty, segment], kind);
            }
            Operator::ArrayInitElem {
                array_type_index: ty,
                array_elem_index: segment,
            } => {
                let kind = TrapKind::TableOutOfBounds;
                self.array_init(Builtin::ArrayInitElem, [ty, segment], kind);
            }
            _ => return self.new_array_operator(operator),
        }
        true
    }

    fn new_array_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::ArrayNew { array_type_index } => self.new_array(array_type_index),
            Operator::ArrayNewDefault { array_type_index } => {
                let len = self.pop();
                let ty = TypeIndex::from_u32(array_type_index);
                let array = self.allocate(Builtin::NewArray, ty, Some(len));
                self.push(array);
            }
            Operator::ArrayNewFixed {
                array_type_index,
                array_size,
            } => self.new_fixed_array(array_type_index, array_size),
            Operator::ArrayNewData {
                array_type_index: ty,
                array_data_index: segment,
            } => {
                let kind = TrapKind::MemoryOutOfBounds;
                self.new_array_of_segment(Builtin::NewArrayOfData, [ty, segment], kind);
            }
            Operator::ArrayNewElem {
                array_type_index: ty,
                array_elem_index: segment,
            } => {
                let kind = TrapKind::TableOutOfBounds;
                self.new_array_of_segment(Builtin::NewArrayOfElements, [ty, segment], kind);
            }
            _ => return false,
        }
        true
    }

    fn elements(&self, ty: u32) -> Elements {
        match *self.env.layout.object(TypeIndex::from_u32(ty)) {
            ObjectLayout::Array {
                element,
                size,
                base,
            } => Elements {
                storage: element,
                size,
                base,
            },
            _ => unreachable!("validated: the type is an array's"),
        }
    }

    /// An array's address with the distance of an element from the first one added.
    fn element_address(&mut self, array: Value, index: Value, elements: Elements) -> Value {
        let index = self.builder.ins().uextend(I64, index);
        let shift = i64::from(elements.size.trailing_zeros());
        let offset = self.builder.ins().ishl_imm_u(index, shift);
        self.builder.ins().iadd(array, offset)
    }

    /// The address of an element, after its bounds check.
    fn checked_element(&mut self, array: Value, index: Value, elements: Elements) -> Value {
        let len = self.array_len(array);
        let is_beyond = IntCC::UnsignedGreaterThanOrEqual;
        let is_beyond = self.builder.ins().icmp(is_beyond, index, len);
        let kind = TrapKind::ArrayOutOfBounds.clif();
        self.builder.ins().trapnz(is_beyond, kind);
        self.element_address(array, index, elements)
    }

    /// Traps unless `len` elements from `at` are there.
    fn check_range(&mut self, array: Value, at: Value, len: Value) {
        let size = self.array_len(array);
        let [size, at, len] = [size, at, len].map(|it| self.builder.ins().uextend(I64, it));
        let end = self.builder.ins().iadd(at, len);
        let is_beyond = IntCC::UnsignedGreaterThan;
        let is_beyond = self.builder.ins().icmp(is_beyond, end, size);
        let kind = TrapKind::ArrayOutOfBounds.clif();
        self.builder.ins().trapnz(is_beyond, kind);
    }

    fn array_get(&mut self, ty: u32, is_signed: bool) {
        let elements = self.elements(ty);
        let index = self.pop();
        let array = self.popped_object();
        let address = self.checked_element(array, index, elements);
        let value = self.load_field(address, elements.base, elements.storage, is_signed);
        self.push(value);
    }

    fn array_set(&mut self, ty: u32) {
        let elements = self.elements(ty);
        let (reference, index, value) = self.pop3();
        self.trap_if_null(reference);
        let bits = self.field_bits(elements.storage, value);
        let array = self.object(reference);
        let address = self.checked_element(array, index, elements);
        self.store_field(address, elements.base, elements.storage, bits);
    }

    fn new_array(&mut self, ty: u32) {
        let elements = self.elements(ty);
        let (value, len) = self.pop2();
        let bits = self.field_bits(elements.storage, value);
        let array = self.allocate(Builtin::NewArray, TypeIndex::from_u32(ty), Some(len));
        let at = self.builder.ins().iconst(I32, 0);
        self.repeat(array, [at, len], bits, elements);
        self.push(array);
    }

    fn array_fill(&mut self, ty: u32) {
        let elements = self.elements(ty);
        let (at, value, len) = self.pop3();
        let reference = self.pop();
        self.trap_if_null(reference);
        let bits = self.field_bits(elements.storage, value);
        let array = self.object(reference);
        self.check_range(array, at, len);
        self.repeat(reference, [at, len], bits, elements);
    }

    /// Assigns elements that are there: code the first one, and the runtime the others by that.
    fn repeat(&mut self, reference: Value, [at, len]: [Value; 2], bits: Value, elements: Elements) {
        let [some, done] = [(); 2].map(|()| self.builder.create_block());
        self.builder.ins().brif(len, some, &[], done, &[]);
        self.builder.switch_to_block(some);
        let array = self.object(reference);
        let address = self.element_address(array, at, elements);
        self.store_field(address, elements.base, elements.storage, bits);
        self.call_builtin(Builtin::ArrayRepeat, &[reference, at, len]);
        self.builder.ins().jump(done, &[]);
        self.builder.switch_to_block(done);
    }

    fn new_fixed_array(&mut self, ty: u32, len: u32) {
        let elements = self.elements(ty);
        let values = self.stack.split_off(self.stack.len() - len as usize);
        let bits: Vec<_> = values
            .iter()
            .map(|value| self.field_bits(elements.storage, *value))
            .collect();
        let len = self.index(len);
        let array = self.allocate(Builtin::NewArray, TypeIndex::from_u32(ty), Some(len));
        let address = self.object(array);
        for (bits, place) in bits.into_iter().zip(0..) {
            let offset = elements.base + place * elements.size;
            self.store_field(address, offset, elements.storage, bits);
        }
        self.push(array);
    }

    /// An array of a part of a segment: the runtime returns null where the segment has no such part.
    fn new_array_of_segment(&mut self, builtin: Builtin, names: [u32; 2], kind: TrapKind) {
        let (from, len) = self.pop2();
        let [ty, segment] = names.map(|it| self.index(it));
        let array = self.call_builtin(builtin, &[ty, segment, from, len]);
        self.builder.ins().trapz(array, kind.clif());
        let is_full = self.builder.ins().icmp_imm_s(IntCC::Equal, array, -1);
        let full = TrapKind::HeapFull.clif();
        self.builder.ins().trapnz(is_full, full);
        self.push(array);
    }

    fn array_init(&mut self, builtin: Builtin, [_, segment]: [u32; 2], kind: TrapKind) {
        let (at, from, len) = self.pop3();
        let reference = self.pop();
        self.trap_if_null(reference);
        let array = self.object(reference);
        self.check_range(array, at, len);
        let segment = self.index(segment);
        self.call_fallible(builtin, &[segment, reference, at, from, len], kind);
    }

    fn array_copy(&mut self) {
        let (source, from, len) = self.pop3();
        let (reference, at) = self.pop2();
        self.trap_if_null(reference);
        self.trap_if_null(source);
        for (array, at) in [(reference, at), (source, from)] {
            let array = self.object(array);
            self.check_range(array, at, len);
        }
        self.call_builtin(Builtin::ArrayCopy, &[reference, at, source, from, len]);
    }
}
