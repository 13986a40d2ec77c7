//! Loads, stores, and the operators on whole memories. A 32-bit address cannot leave a reservation of 4 GiB, a 64-bit one is compared with
//! the reservation, and the guard after it catches what a constant offset adds. Only where one of the two is too small, or a memory ends
//! within a page of the system's, code compares with the memory's size.

use super::signature::POINTER;
use super::translator::Translator;
use crate::abi::builtin::{Builtin, REFUSED};
use crate::abi::layout::{ADDRESS_SPACE, SYSTEM_PAGE, VmMemory};
use crate::abi::trap::TrapKind;
use crate::index::{DataIndex, MemoryIndex};
use crate::module::types::AddressType;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{
    Endianness, InstBuilder, InstructionData, MemFlagsData, Opcode, Type, Value,
};
use std::mem::offset_of;
use wasmparser::{MemArg, MemArgTarget, Operator};

impl Translator<'_, '_> {
    /// Translates a memory operator; `false` for all others.
    #[rustfmt::skip] // a table
    pub(super) fn memory_operator(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I32Load { memarg } => self.load(memarg, I32),
            O::I64Load { memarg } => self.load(memarg, I64),
            O::F32Load { memarg } => self.load(memarg, F32),
            O::F64Load { memarg } => self.load(memarg, F64),
            O::I32Load8S { memarg } => self.load_signed(memarg, I8, I32),
            O::I32Load8U { memarg } => self.load_unsigned(memarg, I8, I32),
            O::I32Load16S { memarg } => self.load_signed(memarg, I16, I32),
            O::I32Load16U { memarg } => self.load_unsigned(memarg, I16, I32),
            O::I64Load8S { memarg } => self.load_signed(memarg, I8, I64),
            O::I64Load8U { memarg } => self.load_unsigned(memarg, I8, I64),
            O::I64Load16S { memarg } => self.load_signed(memarg, I16, I64),
            O::I64Load16U { memarg } => self.load_unsigned(memarg, I16, I64),
            O::I64Load32S { memarg } => self.load_signed(memarg, I32, I64),
            O::I64Load32U { memarg } => self.load_unsigned(memarg, I32, I64),
            O::I32Store { memarg } | O::F32Store { memarg } => self.store(memarg, None, 4),
            O::I64Store { memarg } | O::F64Store { memarg } => self.store(memarg, None, 8),
            O::I32Store8 { memarg } | O::I64Store8 { memarg } => self.store(memarg, Some(I8), 1),
            O::I32Store16 { memarg } | O::I64Store16 { memarg } => self.store(memarg, Some(I16), 2),
            O::I64Store32 { memarg } => self.store(memarg, Some(I32), 4),
            O::MemorySize { mem } => self.memory_size(MemoryIndex::from_u32(*mem)),
            O::MemoryGrow { mem } => self.memory_grow(*mem),
            O::MemoryCopy { dst_mem, src_mem } => self.memory_copy(*dst_mem, *src_mem),
            O::MemoryFill { mem } => self.memory_fill(*mem),
            O::MemoryInit { data_index, mem } => self.memory_init(*mem, *data_index),
            O::DataDrop { data_index } => self.data_drop(DataIndex::from_u32(*data_index)),
            _ => return false,
        }
        true
    }

    /// Guest memory is little-endian, of any alignment, and faults beyond its end.
    pub(super) fn flags() -> MemFlagsData {
        MemFlagsData::new()
            .with_endianness(Endianness::Little)
            .with_trap_code(Some(TrapKind::MemoryOutOfBounds.clif()))
    }

    pub(super) fn load(&mut self, memarg: &MemArg, ty: Type) {
        let (address, offset) = self.address(memarg, ty.bytes());
        let value = self.builder.ins().load(ty, Self::flags(), address, offset);
        self.push(value);
    }

    fn load_signed(&mut self, memarg: &MemArg, from: Type, to: Type) {
        let (address, offset) = self.address(memarg, from.bytes());
        let (ins, flags) = (self.builder.ins(), Self::flags());
        let value = match from {
            I8 => ins.sload8(to, flags, address, offset),
            I16 => ins.sload16(to, flags, address, offset),
            _ => ins.sload32(flags, address, offset),
        };
        self.push(value);
    }

    fn load_unsigned(&mut self, memarg: &MemArg, from: Type, to: Type) {
        let (address, offset) = self.address(memarg, from.bytes());
        let (ins, flags) = (self.builder.ins(), Self::flags());
        let value = match from {
            I8 => ins.uload8(to, flags, address, offset),
            I16 => ins.uload16(to, flags, address, offset),
            _ => ins.uload32(flags, address, offset),
        };
        self.push(value);
    }

    /// Stores the whole value, or its low bits as `narrow`.
    pub(super) fn store(&mut self, memarg: &MemArg, narrow: Option<Type>, bytes: u32) {
        let mut value = self.pop();
        if let Some(ty) = narrow {
            value = self.builder.ins().ireduce(ty, value);
        }
        let (address, offset) = self.address(memarg, bytes);
        self.watch(address, offset, bytes);
        self.builder
            .ins()
            .store(Self::flags(), value, address, offset);
    }

    /// Pops an index; the host address to access `bytes` at, with an offset to add.
    pub(super) fn address(&mut self, memarg: &MemArg, bytes: u32) -> (Value, i32) {
        let index = self.pop();
        let MemArgTarget::Memory(memory) = memarg.target else {
            unreachable!("validated: arrays are GC's")
        };
        let memory = MemoryIndex::from_u32(memory);
        if let Some(index) = self.constant_index(index)
            && let Some(offset) = memarg.offset.checked_add(index)
            && let Ok(offset) = i32::try_from(offset)
        {
            // Without a comparison, no instruction: it would be one of many that nothing uses.
            if !self.faults_beyond(memory, end(memarg.offset, bytes)) {
                let index = self.builder.ins().iconst(I64, index as i64);
                self.check_bounds(memory, index, memarg.offset, bytes);
            }
            return (self.memory_base(memory), offset);
        }
        let index = self.memory_index(index);
        self.check_bounds(memory, index, memarg.offset, bytes);
        let base = self.memory_base(memory);
        let address = self.builder.ins().iadd(base, index);
        match i32::try_from(memarg.offset) {
            Ok(offset) => (address, offset),
            Err(_) => (
                self.builder.ins().iadd_imm_u(address, memarg.offset as i64),
                0,
            ),
        }
    }

    /// The value of a constant index of 32 bits, as those of variables at fixed addresses are. Code that is not optimised would read it
    /// from memory.
    fn constant_index(&self, index: Value) -> Option<u64> {
        let function = &self.builder.func.dfg;
        match function.insts[function.value_def(index).inst()?] {
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } if function.value_type(index) == I32 => Some(u64::from(imm.bits() as u32)),
            _ => None,
        }
    }

    /// Compares the address of an access, as far as it would not fault beyond the memory's end.
    fn check_bounds(&mut self, memory: MemoryIndex, index: Value, offset: u64, bytes: u32) {
        let end = end(offset, bytes);
        if self.env.module.memories[memory].address_type == AddressType::I64 {
            let reservation = self.env.settings.reservation(AddressType::I64);
            self.check_reservation(index, reservation, end);
        }
        if self.faults_beyond(memory, end) {
            return;
        }
        let len = self.memory_len(memory);
        // No sum of more than 64 bits: a 64-bit index has been compared.
        let end = self.builder.ins().iadd_imm_u(index, end as i64);
        let above = IntCC::UnsignedGreaterThan;
        let beyond = self.builder.ins().icmp(above, end, len);
        let out_of_bounds = TrapKind::MemoryOutOfBounds.clif();
        self.builder.ins().trapnz(beyond, out_of_bounds);
    }

    /// Returns true if an access that ends so many bytes behind its address, which is within the reservation where it has 64 bits, faults
    /// where it is beyond the memory's end.
    fn faults_beyond(&self, memory: MemoryIndex, end: u64) -> bool {
        let ty = self.env.module.memories[memory];
        let settings = self.env.settings;
        let is_within_reservation = match ty.address_type {
            AddressType::I32 => settings.reservation(AddressType::I32) >= ADDRESS_SPACE,
            AddressType::I64 => true,
        };
        is_within_reservation && ty.page_size() >= SYSTEM_PAGE && end <= settings.memory_guard_size
    }

    /// Traps if a 64-bit index is beyond a memory's reservation, or what is added to it is.
    fn check_reservation(&mut self, index: Value, reservation: u64, end: u64) {
        let beyond = if end > reservation {
            self.builder.ins().iconst(I8, 1)
        } else if reservation.is_power_of_two() {
            let log2 = i64::from(reservation.trailing_zeros());
            self.builder.ins().ushr_imm_u(index, log2)
        } else {
            let above = IntCC::UnsignedGreaterThan;
            let last = reservation as i64;
            self.builder.ins().icmp_imm_u(above, index, last)
        };
        let out_of_bounds = TrapKind::MemoryOutOfBounds.clif();
        self.builder.ins().trapnz(beyond, out_of_bounds);
    }

    /// Bytes of a memory now.
    fn memory_len(&mut self, memory: MemoryIndex) -> Value {
        let context = self.context();
        let flags = MemFlagsData::trusted();
        let pointer = self.builder.ins().load(
            POINTER,
            flags,
            context,
            self.env.layout.memory_pointer(memory) as i32,
        );
        let offset = offset_of!(VmMemory, len);
        if self.env.module.memories[memory].shared {
            // Another thread may let it grow, which what this one reads of it afterwards may depend on.
            let len = self.builder.ins().iadd_imm_u(pointer, offset as i64);
            return self.builder.ins().atomic_load(I64, flags, len);
        }
        self.builder.ins().load(I64, flags, pointer, offset as i32)
    }

    fn memory_size(&mut self, memory: MemoryIndex) {
        let len = self.memory_len(memory);
        let ty = self.env.module.memories[memory];
        let log2 = i64::from(ty.page_size_log2);
        let pages = self.builder.ins().ushr_imm_u(len, log2);
        self.push_address(ty.address_type, pages);
    }

    fn memory_grow(&mut self, memory: u32) {
        let delta = self.pop();
        let delta = self.widen(delta);
        let ty = self.env.module.memories[MemoryIndex::from_u32(memory)];
        let memory = self.index(memory);
        let before = self.call_builtin(Builtin::MemoryGrow, &[memory, delta]);
        self.trap_if_refused(before);
        self.push_address(ty.address_type, before);
    }

    /// Traps where the embedder wants the guest to end for what it cannot have.
    pub(super) fn trap_if_refused(&mut self, before: Value) {
        let refused = self.builder.ins().iconst(I64, REFUSED as i64);
        let is_refused = self.builder.ins().icmp(IntCC::Equal, before, refused);
        let kind = TrapKind::GrowthRefused.clif();
        self.builder.ins().trapnz(is_refused, kind);
    }

    fn memory_copy(&mut self, to_memory: u32, from_memory: u32) {
        let (to, from, len) = self.pop3();
        self.watch_bulk(to_memory, to, len);
        let args = [
            self.index(to_memory),
            self.index(from_memory),
            self.widen(to),
            self.widen(from),
            self.widen(len),
        ];
        self.call_fallible(Builtin::MemoryCopy, &args, TrapKind::MemoryOutOfBounds);
    }

    fn memory_fill(&mut self, memory: u32) {
        let (to, byte, len) = self.pop3();
        self.watch_bulk(memory, to, len);
        let args = [self.index(memory), self.widen(to), byte, self.widen(len)];
        self.call_fallible(Builtin::MemoryFill, &args, TrapKind::MemoryOutOfBounds);
    }

    fn memory_init(&mut self, memory: u32, segment: u32) {
        let (to, from, len) = self.pop3();
        self.watch_bulk(memory, to, len);
        let args = [
            self.index(memory),
            self.index(segment),
            self.widen(to),
            from,
            len,
        ];
        self.call_fallible(Builtin::MemoryInit, &args, TrapKind::MemoryOutOfBounds);
    }

    fn data_drop(&mut self, segment: DataIndex) {
        let segment = self.index(segment.as_u32());
        self.call_builtin(Builtin::DataDrop, &[segment]);
    }

    /// An index as an argument of a runtime function.
    pub(super) fn index(&mut self, index: u32) -> Value {
        self.builder.ins().iconst(I32, i64::from(index))
    }

    /// An unsigned i32 as 64 bits; an i64 as it is.
    pub(super) fn widen(&mut self, value: Value) -> Value {
        match self.builder.func.dfg.value_type(value) {
            I64 => value,
            _ => self.builder.ins().uextend(I64, value),
        }
    }

    /// Pushes a size, or -1, as an address.
    pub(super) fn push_address(&mut self, ty: AddressType, value: Value) {
        let value = match ty {
            AddressType::I32 => self.builder.ins().ireduce(I32, value),
            AddressType::I64 => value,
        };
        self.push(value);
    }
}

/// Bytes from an access's address to its end.
fn end(offset: u64, bytes: u32) -> u64 {
    offset.saturating_add(u64::from(bytes))
}
