//! Operands that locations name (DW_OP_WASM_location 2): LLVM leaves variables on the operand stack, where optimised code needs
//! no local for them. Each is copied to a slot where a location begins to name it. It counts from there on, as far as the location
//! does and as nobody gets there by a way that leaves out its beginning.
//!
//! What LLVM names by a place in the stack is the value. It may be off the stack before the location ends: where several variables are one
//! operand, LLVM 19 says of the last one only that it is gone. When something else is in the place, [`Translator::follow_operands`] knows
//! of a variable alone in it that this is its next value (`i = f(i)`): its location ended there and began again, and LLVM makes one of
//! two that are equal. Of several variables nobody knows which ones are set, and the location ends.

use super::confirmed::is_compared;
use super::observe::{LocationTag, source_location};
use super::signature::V128;
use super::state::{KeptSlot, LiveOperand};
use super::translator::{Home, Local, Translator};
use crate::abi::settings::OptLevel;
use crate::index::*;
use cranelift_codegen::ir::{StackSlot, StackSlotData, StackSlotKind, Type, Value, types};
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{KeptValue, OperandQuestion, ValueType};
use std::ops::Range;
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Looks for a variable that is an operand just until it is in its local: `local.tee` is then a part of the operator before, so
    /// that nobody can stop where the operand would have to be in a slot. The home is enough.
    pub(super) fn find_early_set(&mut self, operator: &Operator<'_>, at: Range<WasmPc>) {
        self.sets_early = None;
        let (Operator::LocalSet { local_index } | Operator::LocalTee { local_index }) = operator
        else {
            return;
        };
        let place = self.stack.len().checked_sub(1);
        let is_asked = self.operands.rest.first().is_some_and(|question| {
            question.from == at.start
                && question.until <= at.end
                && place == Some(question.place as usize)
        });
        if is_asked && self.has_home(*local_index) && !self.is_at_statement(at.start) {
            self.sets_early = Some(at);
        }
    }

    /// Saves the operands that are named from an address on. This is code of the operator before: whoever stops at the address
    /// finds them.
    pub(super) fn save_operands(&mut self, operator: &Operator<'_>, at: Range<WasmPc>) {
        let pc = at.start;
        self.already_set = None;
        self.follow_operands(pc);
        while let Some((question, rest)) = self.operands.rest.split_first()
            && question.from <= pc
        {
            self.operands.rest = rest;
            let value = self.stack.get(question.place as usize).copied();
            let early = self.sets_early.as_ref();
            let is_early = early.is_some_and(|it| {
                question.until <= it.end && question.place as usize + 1 == self.stack.len()
            });
            let is_its = !question.is_of_scope || question.place as usize + 1 == self.stack.len();
            let is_wanted = self.reachable && question.until > pc && !is_early && is_its;
            let Some(value) = value.filter(|_| is_wanted) else {
                continue;
            };
            let Some(ty) = kept_type(self.builder.func.dfg.value_type(value)) else {
                continue;
            };
            let slot = match self.home_for_operand(operator, question, &at) {
                Some(home) => home,
                None => self.operand_slot(ty, pc, question.until),
            };
            self.show(value, slot);
            self.operands.live.push(LiveOperand {
                index: self.kept.len(),
                depth: self.control.len(),
                place: question.place as usize,
                until: question.until,
                value,
                is_shared: question.is_shared,
                is_off: false,
                is_compared: false,
                may_differ: false,
            });
            self.kept.push(KeptSlot {
                slot,
                what: KeptValue::Operand(question.place),
                ty,
                at: question.from..question.until,
            });
        }
    }

    /// Notes of the places that are named beyond an address what the operator before it put there.
    fn follow_operands(&mut self, pc: WasmPc) {
        if !self.reachable {
            return;
        }
        let mut live = std::mem::take(&mut self.operands.live);
        for at in 0..live.len() {
            let LiveOperand { index, place, .. } = live[at];
            let is_named = self.kept[index].at.end > pc;
            let value = self.stack.get(place).copied();
            live[at].is_off |= value.is_none();
            let Some(value) = value.filter(|it| is_named && *it != live[at].value) else {
                continue;
            };
            // One that ends here ended because it is off the stack.
            let named = |it: &&LiveOperand| it.place == place && it.until >= pc;
            let is_alone = !live[at].is_shared && live.iter().filter(named).count() == 1;
            let ty = kept_type(self.builder.func.dfg.value_type(value));
            if is_alone && !live[at].is_off && ty == Some(self.kept[index].ty) {
                self.show(value, self.kept[index].slot);
                live[at].value = value;
                live[at].is_compared = false;
            } else {
                self.kept[index].at.end = pc;
            }
        }
        self.operands.live = live;
    }

    /// Returns the home of the local that the present operator sets to an operand, where that can have the operand from the operator's
    /// beginning on: code that reads homes reads it again there, and no location names what the local had before.
    fn home_for_operand(
        &mut self,
        operator: &Operator<'_>,
        question: &OperandQuestion,
        at: &Range<WasmPc>,
    ) -> Option<StackSlot> {
        let (Operator::LocalSet { local_index } | Operator::LocalTee { local_index }) = operator
        else {
            return None;
        };
        let is_its = question.place as usize + 1 == self.stack.len()
            && question.until <= at.end
            && !(self.settable).may_change(*local_index, question.from..=at.start);
        let slot = match self.locals[*local_index as usize] {
            Local::Home(Home { slot, .. }) | Local::Shadowed(_, slot) => slot,
            Local::Variable(_) => return None,
        };
        if !is_its || !self.has_home(*local_index) {
            return None;
        }
        self.already_set = Some(*local_index);
        Some(slot)
    }

    /// Reads operands again that a debugger may have written to, as it may where a statement begins. One that is below the innermost
    /// frame waits for the frame's end: nothing in it uses the operand, and what is read in it is not known behind it.
    pub(super) fn read_operands(&mut self, pc: WasmPc, is_statement: bool) {
        let is_read_back = self.env.settings.opt_level == OptLevel::None && self.reachable;
        if !is_read_back || self.operands.live.is_empty() || self.sets_early.is_some() {
            return;
        }
        self.operands.live.retain(|live| live.until > pc);
        let height = self.control.last().map_or(0, |frame| frame.height);
        // Of several variables in one place the last one: the innermost.
        for i in (0..self.operands.live.len()).rev() {
            let live = &mut self.operands.live[i];
            let kept = &self.kept[live.index];
            live.may_differ |= is_statement && kept.at.end > pc;
            let (place, slot, before) = (live.place, kept.slot, live.value);
            let is_there =
                !live.is_off && place >= height && self.stack.get(place) == Some(&before);
            if !is_there || !std::mem::take(&mut live.may_differ) {
                continue;
            }
            let ty = self.builder.func.dfg.value_type(before);
            let location = source_location(pc, LocationTag::Instruction);
            self.builder.set_srcloc(location);
            let compares = is_compared(ty)
                && self.is_in_quiet_loop()
                && !std::mem::replace(&mut self.operands.live[i].is_compared, true);
            let value = match compares {
                true => self.confirm(before, slot),
                false => self.read_slot(slot, ty).0,
            };
            self.stack[place] = value;
            let others = self.operands.live.iter_mut();
            for other in others.filter(|it| it.place == place && it.value == before) {
                (other.value, other.may_differ) = (value, false);
            }
        }
    }

    /// Before an operator that lets control in from elsewhere: what was kept in the frame that ends is there on the ways that begin
    /// after that only.
    pub(super) fn merge_at_label(&mut self, pc: WasmPc, operator: &Operator<'_>) {
        let on_all_ways = match operator {
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => 0,
            Operator::End | Operator::Delegate { .. } => self.kept_on_all_ways(),
            _ => return,
        };
        let (depth, kept) = (self.control.len(), &mut self.kept);
        self.operands.live.retain_mut(|live| {
            if live.depth < depth {
                return true;
            }
            live.depth = depth - 1;
            let stays = live.index < on_all_ways;
            let at = &mut kept[live.index].at;
            if !stays && at.end > pc {
                at.end = pc;
            }
            stays
        });
    }

    /// A slot that nothing else needs there.
    fn operand_slot(&mut self, ty: ValueType, from: WasmPc, until: WasmPc) -> StackSlot {
        let size = slot_size(ty);
        let mut slots = self.operands.slots.iter_mut();
        let free = slots.find(|(_, it, at)| *it == size && *at <= from);
        if let Some((slot, _, at)) = free {
            *at = until;
            return *slot;
        }
        let slot = self.unnamed_slot(size);
        self.operands.slots.push((slot, size, until));
        slot
    }

    fn unnamed_slot(&mut self, size: u32) -> StackSlot {
        let align = size.trailing_zeros() as u8;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, align);
        self.builder.create_sized_stack_slot(data)
    }

    /// At the entry: globals and parameters as they are there, where locations ask for them later.
    pub(super) fn keep_values(&mut self, wanted: &[(WasmPc, KeptValue)], body: Range<WasmPc>) {
        for (_, what) in wanted {
            let value = match *what {
                KeptValue::Global(global) => self.global_value(global),
                KeptValue::Entry(local) if (local as usize) < self.locals.len() => {
                    Some(self.get_local(local))
                }
                KeptValue::Entry(_) | KeptValue::Operand(_) => None,
            };
            let Some(value) = value else { continue };
            let Some(ty) = kept_type(self.builder.func.dfg.value_type(value)) else {
                continue;
            };
            let slot = self.unnamed_slot(slot_size(ty));
            self.show(value, slot);
            if let KeptValue::Global(global) = *what {
                self.frame_globals
                    .push((GlobalIndex::from_u32(global), slot));
            }
            self.kept.push(KeptSlot {
                slot,
                what: *what,
                ty,
                at: body.clone(),
            });
        }
    }

    /// A global is set. The first time is the function's frame being made, the last its being left: the variables in it are
    /// there until the function returns.
    pub(super) fn keep_global(&mut self, global: GlobalIndex, value: Value) {
        let found = self.frame_globals.iter().position(|(it, _)| *it == global);
        if let Some(found) = found {
            let (_, slot) = self.frame_globals.swap_remove(found);
            self.show(value, slot);
        }
    }
}

fn slot_size(ty: ValueType) -> u32 {
    match ty {
        ValueType::V128 => 16,
        _ => 8,
    }
}

fn kept_type(ty: Type) -> Option<ValueType> {
    match ty {
        types::I32 => Some(ValueType::I32),
        types::I64 => Some(ValueType::I64),
        types::F32 => Some(ValueType::F32),
        types::F64 => Some(ValueType::F64),
        V128 => Some(ValueType::V128),
        _ => None,
    }
}
