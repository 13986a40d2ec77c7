//! Places where code finds out if it is to go on: the entries of functions and the heads of loops. Between two of them control only goes
//! forward, so whatever is asked there is asked again soon.
//!
//! * Epochs: the engine's number of the epoch is compared with the store's last one.
//! * Fuel: each piece of code that control enters at its start only and leaves at its end takes what its operators cost when it is left, and
//!   the places look if any is left. So equal runs take equal fuel, however code was optimised.

use super::signature::POINTER;
use super::translator::Translator;
use crate::abi::layout::{VmContextHead, VmStoreContext};
use crate::abi::trap::TrapKind;
use crate::abi::word::Word;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use std::mem::offset_of;
use wasmparser::Operator;

/// The fuel that the call of a function takes.
const CALL: i64 = 1;

/// The fuel that an operator takes. Those that are no code take none.
fn cost(operator: &Operator<'_>) -> i64 {
    match operator {
        Operator::Nop
        | Operator::Drop
        | Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::Else
        | Operator::End
        | Operator::Return
        | Operator::Unreachable => 0,
        _ => 1,
    }
}

/// Returns true if control may go on elsewhere than at the next operator, or come from elsewhere to it.
fn is_border(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. }
            | Operator::Return
            | Operator::Unreachable
            | Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Delegate { .. }
    )
}

impl Translator<'_, '_> {
    /// At a function's entry, when its locals have their first values.
    pub(super) fn interrupt_at_entry(&mut self) {
        if self.env.settings.consume_fuel {
            self.take_fuel(CALL);
        }
        self.interrupt();
    }

    /// A place where code may be told not to go on.
    pub(super) fn interrupt(&mut self) {
        if self.env.settings.epoch_interruption {
            self.interrupt_by_epoch();
        }
        if self.env.settings.consume_fuel {
            let fuel = self.fuel();
            let zero = self.builder.ins().iconst(I64, 0);
            let less = IntCC::SignedLessThan;
            let is_out = self.builder.ins().icmp(less, fuel, zero);
            self.builder
                .ins()
                .trapnz(is_out, TrapKind::OutOfFuel.clif());
        }
    }

    /// A comparison of the epoch alone: for threads that waited, too.
    pub(super) fn interrupt_by_epoch(&mut self) {
        let store = self.store_context();
        let constant = MemFlagsData::trusted().with_readonly().with_can_move();
        let offset = offset_of!(VmStoreContext, epoch) as i32;
        let epoch = self.builder.ins().load(POINTER, constant, store, offset);
        // Another thread changes it: a plain load would be one with those before.
        let trusted = MemFlagsData::trusted();
        let now = self.builder.ins().atomic_load(I64, trusted, epoch);
        let offset = offset_of!(VmStoreContext, epoch_deadline) as i32;
        let deadline = self.builder.ins().load(I64, trusted, store, offset);
        let reached = IntCC::UnsignedGreaterThanOrEqual;
        let is_over = self.builder.ins().icmp(reached, now, deadline);
        self.builder
            .ins()
            .trapnz(is_over, TrapKind::Interrupt.clif());
    }

    /// Notes what an operator costs, before it is translated. Where control may leave the piece of code, the fuel is taken.
    pub(super) fn note_cost(&mut self, operator: &Operator<'_>) {
        if !self.env.settings.consume_fuel || !self.reachable {
            return;
        }
        self.fuel_owed += cost(operator);
        if is_border(operator) {
            let owed = std::mem::take(&mut self.fuel_owed);
            self.take_fuel(owed);
        }
    }

    fn take_fuel(&mut self, amount: i64) {
        if amount == 0 {
            return;
        }
        let (store, fuel) = (self.store_context(), self.fuel());
        let left = self.builder.ins().iadd_imm_s(fuel, -amount);
        let offset = offset_of!(VmStoreContext, fuel) as i32;
        let trusted = MemFlagsData::trusted();
        self.builder.ins().store(trusted, left, store, offset);
    }

    fn fuel(&mut self) -> Value {
        let store = self.store_context();
        let offset = offset_of!(VmStoreContext, fuel) as i32;
        let trusted = MemFlagsData::trusted();
        self.builder.ins().load(I64, trusted, store, offset)
    }

    /// The store's context, which is the same as long as the instance lives.
    pub(super) fn store_context(&mut self) -> Value {
        if self.env.is_one_instances() {
            return self.word(Word::Store);
        }
        let context = self.context();
        let constant = MemFlagsData::trusted().with_readonly().with_can_move();
        let offset = offset_of!(VmContextHead, store) as i32;
        self.builder.ins().load(POINTER, constant, context, offset)
    }
}
