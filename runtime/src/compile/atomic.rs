//! Atomic operators. An address must be a multiple of the bytes that are accessed; that is compared before the access, whose bounds are
//! those of other accesses. Nobody can wait on a memory that is not shared, and nobody waits there to be notified. Threads wait and notify in the
//! runtime, after an access that traps where the instruction has to.

use super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::trap::TrapKind;
use crate::index::MemoryIndex;
use crate::module::atomics::{Atomic, Kind, Op};
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, Type, Value};
use wasmparser::{MemArgTarget, Operator};

impl Translator<'_, '_> {
    /// Translates an atomic operator; `false` for all others.
    pub(super) fn atomic_operator(&mut self, operator: &Operator<'_>) -> bool {
        if let Operator::AtomicFence { .. } = operator {
            self.builder.ins().fence();
            return true;
        }
        let Some(atomic) = Atomic::of(operator) else {
            return false;
        };
        self.check_alignment(&atomic);
        let flags = Self::flags();
        let ty = accessed(&atomic);
        match atomic.kind {
            Kind::Load => {
                let address = self.atomic_address(&atomic);
                let value = self.builder.ins().atomic_load(ty, flags, address);
                self.push_accessed(&atomic, value);
            }
            Kind::Store => {
                let value = self.pop_narrow(ty);
                let address = self.atomic_address(&atomic);
                self.watch(address, 0, atomic.bytes);
                self.builder.ins().atomic_store(flags, value, address);
            }
            Kind::Modify(op) => {
                let value = self.pop_narrow(ty);
                let address = self.atomic_address(&atomic);
                self.watch(address, 0, atomic.bytes);
                let op = clif_op(op);
                let before = self.builder.ins().atomic_rmw(ty, flags, op, address, value);
                self.push_accessed(&atomic, before);
            }
            Kind::CompareExchange => {
                let replacement = self.pop_narrow(ty);
                let expected = self.pop_narrow(ty);
                let address = self.atomic_address(&atomic);
                self.watch_exchange(address, expected);
                let cas = self.builder.ins();
                let before = cas.atomic_cas(flags, address, expected, replacement);
                self.push_accessed(&atomic, before);
            }
            Kind::Notify if self.is_shared(&atomic) => self.notify(&atomic),
            Kind::Wait if self.is_shared(&atomic) => self.wait(&atomic),
            Kind::Notify => {
                self.pop();
                let address = self.atomic_address(&atomic);
                // Traps beyond the memory's end.
                self.builder.ins().atomic_load(ty, flags, address);
                let nobody = self.builder.ins().iconst(I32, 0);
                self.push(nobody);
            }
            Kind::Wait => {
                let kind = TrapKind::ExpectedSharedMemory.clif();
                self.builder.ins().trap(kind);
                self.reachable = false;
            }
        }
        true
    }

    fn is_shared(&self, atomic: &Atomic) -> bool {
        self.env.module.memories[memory_of(atomic)].shared
    }

    /// Pops the address of a value, which is accessed, and returns it as a number that the runtime takes.
    fn waiting_address(&mut self, atomic: &Atomic) -> Value {
        let index = self.pop();
        self.push(index);
        let address = self.atomic_address(atomic);
        let ty = accessed(atomic);
        self.builder.ins().atomic_load(ty, Self::flags(), address);
        let index = self.widen(index);
        let offset = atomic.memarg.offset as i64;
        self.builder.ins().iadd_imm_u(index, offset)
    }

    fn notify(&mut self, atomic: &Atomic) {
        let count = self.pop();
        let address = self.waiting_address(atomic);
        let memory = self.index(memory_of(atomic).as_u32());
        let woken = self.call_builtin(Builtin::MemoryNotify, &[memory, address, count]);
        let woken = self.builder.ins().ireduce(I32, woken);
        self.push(woken);
    }

    fn wait(&mut self, atomic: &Atomic) {
        let timeout = self.pop();
        let expected = self.pop();
        let expected = self.widen(expected);
        let address = self.waiting_address(atomic);
        let memory = self.index(memory_of(atomic).as_u32());
        let bytes = self.index(atomic.bytes);
        let args = [memory, address, expected, timeout, bytes];
        let result = self.call_builtin(Builtin::MemoryWait, &args);
        if self.env.settings.epoch_interruption {
            self.interrupt_by_epoch();
        }
        let result = self.builder.ins().ireduce(I32, result);
        self.push(result);
    }

    /// Traps if the address, which is on the stack, is not a multiple of the bytes that are accessed.
    fn check_alignment(&mut self, atomic: &Atomic) {
        if atomic.bytes == 1 {
            return;
        }
        let mask = i64::from(atomic.bytes) - 1;
        let at = self.stack.len() - 1 - atomic.above_address();
        let index = self.stack[at];
        let offset = atomic.memarg.offset as i64 & mask;
        let address = self.builder.ins().iadd_imm_u(index, offset);
        let rest = self.builder.ins().band_imm_u(address, mask);
        let kind = TrapKind::UnalignedAtomic.clif();
        self.builder.ins().trapnz(rest, kind);
    }

    fn atomic_address(&mut self, atomic: &Atomic) -> Value {
        let (address, offset) = self.address(&atomic.memarg, atomic.bytes);
        match offset {
            0 => address,
            offset => self.builder.ins().iadd_imm_u(address, i64::from(offset)),
        }
    }

    /// Pops a value, and takes the low bits that are accessed.
    fn pop_narrow(&mut self, ty: Type) -> Value {
        let value = self.pop();
        match self.builder.func.dfg.value_type(value) == ty {
            true => value,
            false => self.builder.ins().ireduce(ty, value),
        }
    }

    /// Pushes a value that was in memory, extended by zeros.
    fn push_accessed(&mut self, atomic: &Atomic, value: Value) {
        let ty = if atomic.is_wide { I64 } else { I32 };
        let value = match accessed(atomic) == ty {
            true => value,
            false => self.builder.ins().uextend(ty, value),
        };
        self.push(value);
    }
}

fn memory_of(atomic: &Atomic) -> MemoryIndex {
    let MemArgTarget::Memory(memory) = atomic.memarg.target else {
        unreachable!("validated: arrays are GC's")
    };
    MemoryIndex::from_u32(memory)
}

fn accessed(atomic: &Atomic) -> Type {
    match atomic.bytes {
        1 => I8,
        2 => I16,
        4 => I32,
        _ => I64,
    }
}

fn clif_op(op: Op) -> AtomicRmwOp {
    match op {
        Op::Add => AtomicRmwOp::Add,
        Op::Sub => AtomicRmwOp::Sub,
        Op::And => AtomicRmwOp::And,
        Op::Or => AtomicRmwOp::Or,
        Op::Xor => AtomicRmwOp::Xor,
        Op::Xchg => AtomicRmwOp::Xchg,
    }
}
