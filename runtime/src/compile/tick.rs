//! Ticks: code counts down at the entry of each function, before it returns, at the head of each loop, and where an exception is handled, and
//! stops where nothing is left. Between two ticks control goes forward only, and in one frame: what recurses returns to one address again and
//! again. So a tick and an instruction are one moment of a run.

use super::observe::{LocationTag, source_location, wasm_pc};
use super::translator::Translator;
use crate::abi::layout::VmStoreContext;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData};
use std::mem::offset_of;

impl Translator<'_, '_> {
    /// Counts a tick, if they are counted. A debugger that continues at the stop goes on with the program.
    pub(super) fn tick(&mut self) {
        if !self.env.settings.ticks {
            return;
        }
        let store = self.store_context();
        let flags = MemFlagsData::trusted();
        let offset = offset_of!(VmStoreContext, ticks_left) as i32;
        let left = self.builder.ins().load(I64, flags, store, offset);
        let left = self.builder.ins().iadd_imm_s(left, -1);
        self.builder.ins().store(flags, left, store, offset);
        let (stop, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(stop);
        self.builder.ins().brif(left, next, &[], stop, &[]);
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
