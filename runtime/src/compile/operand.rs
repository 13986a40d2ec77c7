//! Operands that locations name (DW_OP_WASM_location 2): LLVM leaves variables on the operand stack, where optimised code needs
//! no local for them. Each is copied to a home where a location begins to name it, and stays there while it is on the stack.

use super::body::Translator;
use super::observe::Slot;
use cranelift_codegen::ir::{InstBuilder, StackSlot, Type, types};
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{OPERANDS, ValueType};
use std::collections::HashMap;

/// The operands of a function that are asked for, as far as translation has come.
pub struct Operands<'a> {
    /// Address and place in the stack: sorted.
    rest: &'a [(WasmPc, u32)],
    /// Homes, by place in the stack.
    homes: HashMap<u32, (StackSlot, ValueType)>,
}

impl<'a> Operands<'a> {
    /// Of a function: sorted by address.
    pub fn new(all: &'a [(WasmPc, u32)]) -> Operands<'a> {
        Operands {
            rest: all,
            homes: HashMap::new(),
        }
    }
}

impl Translator<'_, '_> {
    /// Saves the operands that are named from an address on. This is code of the operator before: whoever stops at the address
    /// finds them.
    pub(super) fn save_operands(&mut self, pc: WasmPc) {
        while let Some(((at, place), rest)) = self.operands.rest.split_first()
            && *at <= pc
        {
            self.operands.rest = rest;
            if let Some(value) = self.stack.get(*place as usize).copied()
                && self.reachable
            {
                let ty = self.builder.func.dfg.value_type(value);
                if let Some(home) = self.operand_home(*place, ty) {
                    // The home may hold wider ones at other times.
                    let value = if ty == types::I32 {
                        self.builder.ins().uextend(types::I64, value)
                    } else {
                        value
                    };
                    self.builder
                        .ins()
                        .stack_store(super::signature::POINTER, value, home, 0);
                }
            }
        }
    }

    /// One home for all that is at a place, as nothing else is there at the same time.
    fn operand_home(&mut self, place: u32, ty: Type) -> Option<StackSlot> {
        let ty = match ty {
            types::I32 => ValueType::I32,
            types::I64 => ValueType::I64,
            types::F32 => ValueType::F32,
            types::F64 => ValueType::F64,
            _ => return None,
        };
        let (slot, before) = match self.operands.homes.get(&place) {
            Some(home) => *home,
            None => (
                self.slot(8, Slot::Local(OPERANDS.checked_add(place)?, ty)),
                ty,
            ),
        };
        // No type is all of them.
        let ty = if before == ty { ty } else { ValueType::Ref };
        let key = Slot::Local(OPERANDS + place, ty).key();
        self.builder.func.sized_stack_slots[slot].key = Some(key);
        self.operands.homes.insert(place, (slot, ty));
        Some(slot)
    }
}
