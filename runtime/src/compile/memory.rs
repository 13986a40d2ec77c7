//! Loads, stores, and the operators on whole memories. A 32-bit address cannot leave a reservation of 4 GiB, and the guard
//! behind it catches what a constant offset adds; only where one of the two is too small, code compares.

use super::signature::POINTER;
use super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::layout::VmMemory;
use crate::abi::trap::TrapKind;
use crate::index::{DataIndex, MemoryIndex};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value};
use std::mem::offset_of;
use wasmparser::{MemArg, MemArgTarget, Operator};

/// Bytes of a page (WebAssembly 2.0, section 4.2.8).
const PAGE_LOG2: i64 = 16;

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
        self.load(memarg, from);
        let value = self.pop();
        let value = self.builder.ins().sextend(to, value);
        self.push(value);
    }

    fn load_unsigned(&mut self, memarg: &MemArg, from: Type, to: Type) {
        self.load(memarg, from);
        let value = self.pop();
        let value = self.builder.ins().uextend(to, value);
        self.push(value);
    }

    /// Stores the whole value, or its low bits as `narrow`.
    pub(super) fn store(&mut self, memarg: &MemArg, narrow: Option<Type>, bytes: u32) {
        let mut value = self.pop();
        if let Some(ty) = narrow {
            value = self.builder.ins().ireduce(ty, value);
        }
        let (address, offset) = self.address(memarg, bytes);
        self.builder
            .ins()
            .store(Self::flags(), value, address, offset);
    }

    /// Pops an index; the host address to access `bytes` at, with an offset to add.
    pub(super) fn address(&mut self, memarg: &MemArg, bytes: u32) -> (Value, i32) {
        let index = self.pop();
        let index = self.memory_index(index);
        let MemArgTarget::Memory(memory) = memarg.target else {
            unreachable!("validated: arrays are GC's")
        };
        let memory = MemoryIndex::from_u32(memory);
        let settings = self.env.settings;
        let end = memarg.offset + u64::from(bytes);
        let guarded = settings.memory_reservation >= 1 << 32 && end <= settings.memory_guard_size;
        if !guarded {
            let len = self.memory_len(memory);
            let end = self.builder.ins().iadd_imm_u(index, end as i64);
            let beyond = self
                .builder
                .ins()
                .icmp(IntCC::UnsignedGreaterThan, end, len);
            self.builder
                .ins()
                .trapnz(beyond, TrapKind::MemoryOutOfBounds.clif());
        }
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
        self.builder
            .ins()
            .load(I64, flags, pointer, offset_of!(VmMemory, len) as i32)
    }

    fn memory_size(&mut self, memory: MemoryIndex) {
        let len = self.memory_len(memory);
        let pages = self.builder.ins().ushr_imm_u(len, PAGE_LOG2);
        let pages = self.builder.ins().ireduce(I32, pages);
        self.push(pages);
    }

    fn memory_grow(&mut self, memory: u32) {
        let delta = self.pop();
        let delta = self.builder.ins().uextend(I64, delta);
        let memory = self.index(memory);
        let before = self.call_builtin(Builtin::MemoryGrow, &[memory, delta]);
        let before = self.builder.ins().ireduce(I32, before);
        self.push(before);
    }

    fn memory_copy(&mut self, to_memory: u32, from_memory: u32) {
        let (to, from, len) = self.pop3();
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
        let args = [self.index(memory), self.widen(to), byte, self.widen(len)];
        self.call_fallible(Builtin::MemoryFill, &args, TrapKind::MemoryOutOfBounds);
    }

    fn memory_init(&mut self, memory: u32, segment: u32) {
        let (to, from, len) = self.pop3();
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

    /// An unsigned i32 as 64 bits.
    pub(super) fn widen(&mut self, value: Value) -> Value {
        self.builder.ins().uextend(I64, value)
    }
}
