//! Floating-point values that are in a slot which debuggers may write to, and in a register: code compares the two, and goes on with the
//! register's where the slot has it still. What was just stored is there for a load of integers at once, as processors rename such memory, but
//! for a load of floating-point numbers only after several cycles. A loop that adds to a sum would wait for them each time around; it does
//! not wait for a comparison.
//!
//! So it is in loops that call nobody: a call changes the registers, and the slot is where a value is kept over it.

use super::control::args;
use super::signature::POINTER;
use super::translator::{Home, Translator};
use crate::abi::settings::OptLevel;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, SourceLoc, StackSlot, Type, Value};
use std::collections::HashSet;
use wasmparser::{Operator, OperatorsReader};

/// Returns true if values of a type are compared.
pub(super) fn is_compared(ty: Type) -> bool {
    matches!(ty, F32 | F64)
}

impl Translator<'_, '_> {
    /// Notes whether an operator begins a loop that calls nobody. `rest` is what follows.
    pub(super) fn find_quiet_loop(&mut self, operator: &Operator<'_>, rest: &OperatorsReader<'_>) {
        let settings = self.env.settings;
        let is_loop = matches!(operator, Operator::Loop { .. });
        self.quiet_loops.begins = is_loop
            && settings.debug_info
            && settings.opt_level == OptLevel::None
            && (self.quiet_loops.found)
                .get_or_insert_with(|| quiet_loops(rest))
                .contains(&(rest.original_position() as usize));
    }

    /// Returns true if the innermost loop calls nobody.
    pub(super) fn is_in_quiet_loop(&self) -> bool {
        self.control.last().is_some_and(|frame| frame.is_quiet)
    }

    /// The value of a local in its home, which a debugger may have written to.
    pub(super) fn get_home(&mut self, local: u32, home: Home, ty: Type) -> Value {
        let Some(known) = home.known else {
            return self.read_home(local, home.slot, ty);
        };
        let value = if self.is_in_quiet_loop() && !self.was_compared(local) {
            let value = self.builder.use_var(known);
            let value = self.confirm(value, home.slot);
            self.block_values.compared.push(local);
            value
        } else {
            self.read_slot(home.slot, ty).0
        };
        self.note_local(local, value);
        value
    }

    /// Returns true if a local's value in its home was compared in this piece of code: what was stored to it is there since.
    fn was_compared(&mut self, local: u32) -> bool {
        self.block_values().compared.contains(&local)
    }

    /// The value in a slot, which is this one if no debugger wrote to it.
    pub(super) fn confirm(&mut self, value: Value, slot: StackSlot) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        let bits = if ty == F32 { I32 } else { I64 };
        let flags = MemFlagsData::new().with_notrap();
        let own = self.builder.ins().bitcast(bits, MemFlagsData::new(), value);
        let address = self.builder.ins().stack_addr(POINTER, slot, 0);
        let found = self.builder.ins().atomic_load(bits, flags, address);
        let differs = self.builder.ins().icmp(IntCC::NotEqual, own, found);
        let (other, next) = (self.builder.create_block(), self.builder.create_block());
        let result = self.builder.append_block_param(next, ty);
        self.builder
            .ins()
            .brif(differs, other, &[], next, &args(&[value]));
        let location = self.builder.srcloc();
        let here = self.builder.current_block();
        self.builder.set_cold_block(other);
        self.builder.switch_to_block(other);
        // Of no instruction of wasm's: a statement that begins at the present one would begin twice.
        self.builder.set_srcloc(SourceLoc::default());
        let written = self.builder.ins().stack_load(POINTER, ty, slot, 0);
        self.builder.ins().jump(next, &args(&[written]));
        self.builder.set_srcloc(location);
        self.go_on_behind(here, next);
        result
    }
}

/// The loops that call nobody, by the places in the file behind the operators that begin them: of the loop that `rest` reads and of all after it.
fn quiet_loops(rest: &OperatorsReader<'_>) -> HashSet<usize> {
    let mut rest = rest.clone();
    // For each block that is open where it begins, if it is a loop, and whether it calls somebody.
    let mut open = vec![(Some(rest.original_position() as usize), false)];
    let mut found = HashSet::new();
    while !rest.eof() {
        let Ok(operator) = rest.read() else {
            break;
        };
        match operator {
            Operator::Loop { .. } => open.push((Some(rest.original_position() as usize), false)),
            Operator::Block { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => open.push((None, false)),
            // Of what is around the first loop, nothing else is known, nor asked.
            Operator::End | Operator::Delegate { .. } => {
                let (start, calls) = open.pop().unwrap_or_default();
                if let Some(outer) = open.last_mut() {
                    outer.1 |= calls;
                }
                found.extend(start.filter(|_| !calls));
            }
            operator if calls(&operator) => {
                if let Some(innermost) = open.last_mut() {
                    innermost.1 = true;
                }
            }
            _ => {}
        }
    }
    found
}

/// Returns true if an operator is a call, of a function or of the runtime. Of those that are rare it need not know.
fn calls(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::MemoryGrow { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
    )
}
