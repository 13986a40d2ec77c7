//! The running instance's VmContext, and what a piece of code has asked for and may use again: the bases of memories, locals in
//! their homes, and addresses made of them. A piece is code that control enters at its start only and that calls nobody. Code that
//! is not optimised gets no other pass that would find what it asks twice.

use super::env::CallTarget;
use super::signature::POINTER;
use super::state::BlockValues;
use super::translator::Translator;
use crate::abi::settings::OptLevel;
use crate::abi::word::Word;
use crate::index::MemoryIndex;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, ExternalName, Function, GlobalValue, GlobalValueData, InstBuilder, MemFlagsData,
    SourceLoc, StackSlot, Type, Value,
};
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::WasmPc;
use std::ops::RangeInclusive;

/// As many as registers can hold.
const LOCALS: usize = 6;

impl Translator<'_, '_> {
    /// Finds the running instance's VmContext at the function's entry. With -g it is by the code's own address that a function
    /// knows its instance: a debugger that calls it leaves anything in the pinned register. Where threads share code, it has to be called where
    /// a thread is in such code.
    pub(super) fn find_context(&mut self) {
        let context = if self.env.is_one_instances() {
            self.word(Word::Context)
        } else {
            self.builder.ins().get_pinned_reg(POINTER)
        };
        self.block_values.context = Some(context);
        self.block_values.block = self.builder.current_block();
        self.block_values.own_context = Some(context);
    }

    /// The contents of a word after the code.
    pub(super) fn word(&mut self, word: Word) -> Value {
        let function = &mut *self.builder.func;
        let symbol =
            *self.callees.words[word as usize].get_or_insert_with(|| word_symbol(function, word));
        self.builder.ins().symbol_value(POINTER, symbol)
    }

    /// The running instance's VmContext. Where code finds it by its own address, it does so again in each piece: a register that keeps it
    /// over calls has to be saved and restored, which costs more.
    pub(super) fn context(&mut self) -> Value {
        if !self.env.is_one_instances() || self.env.settings.opt_level != OptLevel::None {
            return self.first_context();
        }
        if let Some(context) = self.block_values().own_context {
            return context;
        }
        let context = self.word(Word::Context);
        self.block_values.own_context = Some(context);
        context
    }

    /// The VmContext as the function found it at its entry.
    pub(super) fn first_context(&self) -> Value {
        self.block_values
            .context
            .expect("found at the function's entry")
    }

    /// Sets the pinned register to the VmContext that a callee expects in it; what [`Translator::return_pinned`] is to get.
    pub(super) fn lend_pinned(&mut self, callees: Value) -> Value {
        let own = if self.env.is_one_instances() {
            // The caller's, a debugger among them.
            self.builder.ins().get_pinned_reg(POINTER)
        } else {
            self.context()
        };
        if self.counts_in_register() {
            self.store_ticks(own);
        }
        if callees != own {
            self.builder.ins().set_pinned_reg(callees);
        }
        own
    }

    /// Sets the pinned register to what it was before a call, but for the ticks that were counted meanwhile.
    pub(super) fn return_pinned(&mut self, callees: Value, own: Value) {
        if self.counts_in_register() {
            return self.read_ticks();
        }
        if callees != own {
            self.builder.ins().set_pinned_reg(own);
        }
    }

    /// An instruction that does nothing, for a place that needs one. The code generator is given a breakpoint, which takes no register,
    /// and [`observe`](super::observe) makes a `nop` of it. An optimizer reads memory again behind it, which costs less than the register that
    /// moves from the pinned one and back would take from a loop.
    pub(super) fn no_operation(&mut self, location: SourceLoc) {
        self.builder.set_srcloc(location);
        self.builder.ins().debugtrap();
    }

    /// Has a load stay an instruction of its own, in code that is not optimised: a second use, of which no code is made, as a load with
    /// several becomes no operand in memory of an instruction that uses it.
    pub(super) fn keep_apart(&mut self, loaded: Value) {
        let ty = self.builder.func.dfg.value_type(loaded);
        (self.builder.ins()).bitcast(ty, MemFlagsData::new(), loaded);
    }

    /// The host's address of a memory, which never moves.
    pub(super) fn memory_base(&mut self, memory: MemoryIndex) -> Value {
        if let Some((_, base)) = self.block_values().base.filter(|(of, _)| *of == memory) {
            return base;
        }
        let base = if memory.index() == 0 && self.env.is_one_instances() {
            self.word(Word::Memory)
        } else {
            let context = self.context();
            let flags = MemFlagsData::trusted().with_readonly().with_can_move();
            let offset = self.env.layout.memory_base(memory) as i32;
            self.builder.ins().load(POINTER, flags, context, offset)
        };
        self.block_values.base = Some((memory, base));
        base
    }

    /// Returns the value of a local's home, if it was read or written before.
    pub(super) fn known_home(&mut self, local: u32) -> Option<Value> {
        let mut locals = self.block_values().locals.iter();
        locals.find(|it| it.0 == local).map(|it| it.1)
    }

    /// Reads a local's home.
    pub(super) fn read_home(&mut self, local: u32, slot: StackSlot, ty: Type) -> Value {
        let (value, wide) = self.read_slot(slot, ty);
        self.note_home(local, value, wide);
        value
    }

    /// Reads what debuggers may have written to a slot, and as 64 bits where it is so read. None of these loads becomes an operand in memory
    /// of the instruction that uses it: Cranelift would compute the slot's address into a register for that, and the processor does not
    /// recognize it as what was stored to the stack just before.
    pub(super) fn read_slot(&mut self, slot: StackSlot, ty: Type) -> (Value, Option<Value>) {
        let flags = MemFlagsData::new().with_notrap();
        let ins = self.builder.ins();
        match ty {
            I32 => {
                let address = ins.stack_addr(POINTER, slot, 0);
                let wide = self.builder.ins().uload32(flags, address, 0);
                (self.builder.ins().ireduce(I32, wide), Some(wide))
            }
            I64 => {
                let address = ins.stack_addr(POINTER, slot, 0);
                (self.builder.ins().atomic_load(I64, flags, address), None)
            }
            _ => {
                let value = ins.stack_load(POINTER, ty, slot, 0);
                self.keep_apart(value);
                (value, None)
            }
        }
    }

    /// A local's home was read or written: its value, and that as an index of 64 bits, if it is there.
    pub(super) fn note_home(&mut self, local: u32, value: Value, wide: Option<Value>) {
        self.block_values();
        let locals = &mut self.block_values.locals;
        locals.retain(|it| it.0 != local);
        if locals.len() == LOCALS {
            locals.remove(0);
        }
        locals.push((local, value, wide));
    }

    /// A local has a value that is not in its home.
    pub(super) fn forget_home(&mut self, local: u32) {
        self.block_values.locals.retain(|it| it.0 != local);
    }

    /// An index into a memory, in 64 bits.
    pub(super) fn memory_index(&mut self, index: Value) -> Value {
        if self.builder.func.dfg.value_type(index) == I64 {
            return index;
        }
        self.block_values();
        let known = self.block_values.locals.iter_mut().find(|it| it.1 == index);
        match known {
            Some((_, _, Some(wide))) => *wide,
            Some((_, _, wide)) => *wide.insert(self.builder.ins().uextend(I64, index)),
            None => self.builder.ins().uextend(I64, index),
        }
    }

    /// Behind a call: what was asked for before would have to be kept over it, which costs more than to ask again.
    pub(super) fn invalidate(&mut self) {
        self.block_values.block = None;
    }

    /// Forgets the homes that a debugger may have written to since the statement before the one that begins here.
    pub(super) fn invalidate_homes(&mut self, at: RangeInclusive<WasmPc>) {
        let settable = &self.settable;
        let locals = &mut self.block_values.locals;
        locals.retain(|it| !settable.may_change(it.0, at.clone()));
    }

    /// Goes on in a block that control enters from the present one only: what is known stays known.
    pub(super) fn go_on_in(&mut self, next: Block) {
        let here = self.builder.current_block();
        self.go_on_behind(here, next);
    }

    /// The same, where control comes from that block, by others of which nothing is known.
    pub(super) fn go_on_behind(&mut self, here: Option<Block>, next: Block) {
        self.builder.switch_to_block(next);
        if self.block_values.block == here {
            self.block_values.block = Some(next);
        }
    }

    pub(super) fn block_values(&mut self) -> &BlockValues {
        let block = self.builder.current_block();
        if self.block_values.block != block || self.env.settings.opt_level != OptLevel::None {
            self.block_values.block = block;
            self.block_values.base = None;
            self.block_values.own_context = None;
            self.block_values.locals.clear();
            self.block_values.compared.clear();
        }
        &self.block_values
    }
}

/// The symbol that stands for a word after the code.
pub(super) fn word_symbol(function: &mut Function, word: Word) -> GlobalValue {
    let name = CallTarget::Word(word).name();
    let name = function.declare_imported_user_function(name);
    function.create_global_value(GlobalValueData::Symbol {
        name: ExternalName::user(name),
        offset: 0.into(),
        colocated: true,
        tls: false,
    })
}
