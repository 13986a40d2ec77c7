//! Reads and writes of fields and elements. What a barrier has to do is done here alone.

use super::super::signature::clif_type;
use super::super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::module::composite::StorageType;
use crate::module::reference::HeapType;
use crate::module::types::ValType;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};

/// The form of a reference in an object.
enum Form {
    /// A handle of 64 bits.
    Exception,
    /// A number of the store's functions.
    Function,
    /// A word of 32 bits.
    Word,
}

impl Translator<'_, '_> {
    fn form(&self, heap: HeapType) -> Form {
        match heap.top() {
            Some(HeapType::Exn) => Form::Exception,
            _ if self.env.module.is_function(heap) => Form::Function,
            _ => Form::Word,
        }
    }

    /// Reads a field at an offset from an address. Packed ones are extended by their sign or by zeros.
    pub(super) fn load_field(
        &mut self,
        address: Value,
        offset: u32,
        storage: StorageType,
        is_signed: bool,
    ) -> Value {
        let (flags, offset) = (MemFlagsData::new().with_notrap(), offset as i32);
        let form = match storage {
            StorageType::Val(ValType::Ref(ty)) => Some(self.form(ty.heap_type())),
            _ => None,
        };
        let ins = self.builder.ins();
        match (storage, form) {
            (StorageType::I8, _) if is_signed => ins.sload8(I32, flags, address, offset),
            (StorageType::I8, _) => ins.uload8(I32, flags, address, offset),
            (StorageType::I16, _) if is_signed => ins.sload16(I32, flags, address, offset),
            (StorageType::I16, _) => ins.uload16(I32, flags, address, offset),
            (_, Some(Form::Word)) => ins.uload32(flags, address, offset),
            (_, Some(Form::Function)) => {
                let number = ins.uload32(flags, address, offset);
                self.call_builtin(Builtin::FunctionOf, &[number])
            }
            (StorageType::Val(ty), _) => ins.load(clif_type(ty), flags, address, offset),
        }
    }

    /// The bits of a value as a field has them. Nothing of an object's address may be held over this, which may call the runtime.
    pub(super) fn field_bits(&mut self, storage: StorageType, value: Value) -> Value {
        match storage {
            StorageType::Val(ValType::Ref(ty)) => match self.form(ty.heap_type()) {
                Form::Function => self.call_builtin(Builtin::FunctionNumber, &[value]),
                _ => value,
            },
            _ => value,
        }
    }

    /// Writes a field at an offset from an address, by its bits.
    pub(super) fn store_field(
        &mut self,
        address: Value,
        offset: u32,
        storage: StorageType,
        bits: Value,
    ) {
        let (flags, offset) = (MemFlagsData::new().with_notrap(), offset as i32);
        let is_word = match storage {
            StorageType::Val(ValType::Ref(ty)) => {
                !matches!(self.form(ty.heap_type()), Form::Exception)
            }
            _ => false,
        };
        let ins = self.builder.ins();
        match storage {
            StorageType::I8 => ins.istore8(flags, bits, address, offset),
            StorageType::I16 => ins.istore16(flags, bits, address, offset),
            StorageType::Val(_) if is_word => {
                debug_assert_eq!(self.builder.func.dfg.value_type(bits), I64);
                self.builder.ins().istore32(flags, bits, address, offset)
            }
            StorageType::Val(_) => ins.store(flags, bits, address, offset),
        };
    }
}
