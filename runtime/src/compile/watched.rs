//! Writes that code tells of: those that touch a place that the store has, and bulk operations. The place is compared before the write, so
//! that its old bytes are there, and in place of the write's instruction code may trap.

use super::signature::POINTER;
use super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::layout::VmStoreContext;
use crate::abi::trap::TrapKind;
use crate::index::MemoryIndex;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use std::mem::offset_of;

impl Translator<'_, '_> {
    /// Before so many bytes at a host address and an offset are written.
    pub(super) fn watch(&mut self, address: Value, offset: i32, bytes: u32) {
        if !self.env.settings.watch_writes {
            return;
        }
        let store = self.store_context();
        let flags = MemFlagsData::trusted();
        let start = offset_of!(VmStoreContext, watched) as i32;
        let start = self.builder.ins().load(POINTER, flags, store, start);
        let len = offset_of!(VmStoreContext, watched_len) as i32;
        let len = self.builder.ins().load(I64, flags, store, len);
        // Both begin before the other ends: `start - bytes < address < start + len`, in one comparison.
        let before = i64::from(bytes) - 1;
        let distance = self.builder.ins().isub(address, start);
        let distance = (self.builder.ins()).iadd_imm_s(distance, i64::from(offset) + before);
        let reach = self.builder.ins().iadd_imm_s(len, before);
        let less = IntCC::UnsignedLessThan;
        let is_hit = self.builder.ins().icmp(less, distance, reach);
        let (told, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(told);
        self.builder.ins().brif(is_hit, told, &[], next, &[]);
        self.builder.switch_to_block(told);
        let address = self.builder.ins().iadd_imm_s(address, i64::from(offset));
        let bytes = self.builder.ins().iconst(I64, i64::from(bytes));
        self.tell_of_write(address, bytes);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
    }

    /// Before so many bytes of a memory are written by a bulk operation.
    pub(super) fn watch_bulk(&mut self, memory: u32, at: Value, len: Value) {
        if !self.env.settings.watch_writes {
            return;
        }
        let base = self.memory_base(MemoryIndex::from_u32(memory));
        let at = self.widen(at);
        let address = self.builder.ins().iadd(base, at);
        let len = self.widen(len);
        self.tell_of_write(address, len);
    }

    /// Before a value is replaced if it is the expected one: otherwise nothing is written.
    pub(super) fn watch_exchange(&mut self, address: Value, expected: Value) {
        if !self.env.settings.watch_writes {
            return;
        }
        let ty = self.builder.func.dfg.value_type(expected);
        let now = self.builder.ins().atomic_load(ty, Self::flags(), address);
        let is_written = self.builder.ins().icmp(IntCC::Equal, now, expected);
        let bytes = self.builder.ins().iconst(I64, i64::from(ty.bytes()));
        let none = self.builder.ins().iconst(I64, 0);
        let len = self.builder.ins().select(is_written, bytes, none);
        self.tell_of_write(address, len);
    }

    fn tell_of_write(&mut self, address: Value, len: Value) {
        let args = [address, len];
        self.call_fallible(Builtin::WatchedWrite, &args, TrapKind::WatchedWrite);
    }
}
