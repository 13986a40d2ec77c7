//! Ticks: code counts the entry of each function, the end of it, the head of each loop, and where an exception is handled, and stops at the
//! number that a debugger asked for. Between two ticks control goes forward only, and in one frame: what recurses returns to one address again
//! and again. So a tick and an instruction are one moment of a run.
//!
//! The number is in the store's context. Code that is made for one instance and not optimised has it in the pinned register instead, which
//! such code uses for calls by reference and of the runtime alone: a short loop that stores the number each time round fills the
//! processor's store buffer, and takes 1.4 times as long even where it never reads the number again.
//!
//! * Before such calls the number is stored, and it is read again behind them. So it is in the context wherever other code runs.
//! * A function stores it when it returns, as nobody knows what code called it.
//! * A function that is called by code that has something else in the register reads it: see [`FIRST_TICK`].
//! * Where a signal ends the program, its handler stores it.
//!
//! To a debugger's server it is in the register where the program counter is in code of guests and the register holds such a number.
//! The server sets only the number to stop at.

use super::observe::{LocationTag, source_location, wasm_pc};
use super::signature::POINTER;
use super::translator::Translator;
#[cfg(doc)]
use crate::abi::layout::FIRST_TICK;
use crate::abi::layout::VmStoreContext;
use crate::abi::settings::OptLevel;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use std::mem::offset_of;

const TICKS: i32 = offset_of!(VmStoreContext, ticks) as i32;

impl Translator<'_, '_> {
    /// Returns true if the pinned register has the number of ticks.
    pub(super) fn counts_in_register(&self) -> bool {
        let settings = self.env.settings;
        settings.ticks && settings.opt_level == OptLevel::None && self.env.is_one_instances()
    }

    /// Puts the number of ticks into the register at a function's entry, if the caller has something else there.
    pub(super) fn find_ticks(&mut self) {
        if !self.counts_in_register() {
            return;
        }
        let now = self.builder.ins().get_pinned_reg(POINTER);
        let zero = self.builder.ins().iconst(I64, 0);
        let is_number = self.builder.ins().icmp(IntCC::SignedLessThan, now, zero);
        let (read, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(read);
        self.builder.ins().brif(is_number, next, &[], read, &[]);
        self.builder.switch_to_block(read);
        self.read_ticks();
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
    }

    /// Puts the number of ticks into the register, behind what may have counted elsewhere.
    pub(super) fn read_ticks(&mut self) {
        let ticks = self.stored_ticks();
        self.builder.ins().set_pinned_reg(ticks);
    }

    fn stored_ticks(&mut self) -> Value {
        let store = self.store_context();
        let flags = MemFlagsData::trusted();
        self.builder.ins().load(I64, flags, store, TICKS)
    }

    /// Puts the number of ticks to where other code finds it.
    pub(super) fn store_ticks(&mut self, ticks: Value) {
        let store = self.store_context();
        let flags = MemFlagsData::trusted();
        self.builder.ins().store(flags, ticks, store, TICKS);
    }

    /// Counts a tick, if they are counted. A debugger that continues at the stop goes on with the program.
    pub(super) fn tick(&mut self) {
        if !self.env.settings.ticks {
            return;
        }
        let ticks = if self.counts_in_register() {
            let ticks = self.builder.ins().get_pinned_reg(POINTER);
            let ticks = self.builder.ins().iadd_imm_s(ticks, 1);
            self.builder.ins().set_pinned_reg(ticks);
            ticks
        } else {
            let ticks = self.stored_ticks();
            let ticks = self.builder.ins().iadd_imm_s(ticks, 1);
            self.store_ticks(ticks);
            ticks
        };
        self.stop_at(ticks);
    }

    /// Counts the tick of a function's end.
    pub(super) fn last_tick(&mut self) {
        self.tick();
        if self.counts_in_register() {
            let ticks = self.builder.ins().get_pinned_reg(POINTER);
            self.store_ticks(ticks);
        }
    }

    /// Stops if a number is the one to stop at.
    fn stop_at(&mut self, ticks: Value) {
        let store = self.store_context();
        let offset = offset_of!(VmStoreContext, stop_at) as i32;
        let flags = MemFlagsData::trusted();
        let stop_at = self.builder.ins().load(I64, flags, store, offset);
        let is_there = self.builder.ins().icmp(IntCC::Equal, ticks, stop_at);
        let (stop, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(stop);
        self.builder.ins().brif(is_there, stop, &[], next, &[]);
        self.builder.switch_to_block(stop);
        // It stays a breakpoint, unlike those of instructions that do nothing, which have another location.
        let here = self.builder.srcloc();
        if !here.is_default() {
            let instruction = source_location(wasm_pc(here), LocationTag::Instruction);
            self.builder.set_srcloc(instruction);
        }
        self.builder.ins().debugtrap();
        self.builder.ins().jump(next, &[]);
        self.builder.set_srcloc(here);
        self.builder.switch_to_block(next);
    }
}
