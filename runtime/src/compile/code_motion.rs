//! Source locations of instructions that the optimizer moved: those without effects go out of loops, and to where they are used first.
//! What debug info says of their place in the program, its variables and its line, is not so where they are then. There, all before them
//! has happened and the next instruction with an effect has not: they get that one's location.

use super::observe::{LocationTag, source_location, wasm_pc};
use cranelift_codegen::ir::{Block, Function, Inst, InstructionData, Opcode, SourceLoc};
use cranelift_entity::SecondaryMap;
use dwalin_debuginfo::address::WasmPc;

/// The addresses that blocks begin with. Operators are translated in their order, and so a block's instructions are of one range of them.
pub(super) struct BlockStarts(SecondaryMap<Block, SourceLoc>);

impl BlockStarts {
    /// Of a function that was not optimised yet.
    pub(super) fn of(function: &Function) -> BlockStarts {
        let mut starts = SecondaryMap::with_capacity(function.dfg.num_blocks());
        for block in function.layout.blocks() {
            if let Some(first) = function.layout.first_inst(block) {
                starts[block] = function.srcloc(first);
            }
        }
        BlockStarts(starts)
    }

    /// Gives instructions that were moved, or made, the locations of those that they are before now. `function` is what the optimizer
    /// made of the function.
    pub(super) fn correct(&self, function: &mut Function) {
        let blocks: Vec<_> = function.layout.blocks().collect();
        let mut pure = Vec::new();
        for block in blocks {
            // What is without location, as a block that the optimizer made, is behind all that is of the program.
            let mut before = wasm_pc(self.0[block]);
            let mut inst = function.layout.first_inst(block);
            while let Some(at) = inst {
                inst = function.layout.next_inst(at);
                let location = function.srcloc(at);
                if is_pure(function, at) {
                    pure.push((at, location));
                    continue;
                }
                let moved = pure.drain(..);
                let moved = moved.filter(|it| !is_between(before, it.1, location));
                moved.for_each(|it| function.set_srcloc(it.0, location_of(location)));
                if !location.is_default() {
                    before = wasm_pc(location);
                }
            }
        }
    }
}

/// Returns true if an instruction is where it was made: between two with effects.
fn is_between(before: WasmPc, location: SourceLoc, next: SourceLoc) -> bool {
    !location.is_default() && (before..=wasm_pc(next)).contains(&wasm_pc(location))
}

/// The location of an instruction before one at `next`, which may be one that does nothing.
fn location_of(next: SourceLoc) -> SourceLoc {
    match next.is_default() {
        true => next,
        false => source_location(wasm_pc(next), LocationTag::Instruction),
    }
}

/// Returns true if the optimizer moves an instruction: if it is what Cranelift's `is_pure_for_egraph`, which is not public, says.
fn is_pure(function: &Function, inst: Inst) -> bool {
    let data = &function.dfg.insts[inst];
    let opcode = data.opcode();
    let is_constant_load = match data {
        InstructionData::Load { opcode, flags, .. } => {
            let flags = function.dfg.mem_flags[*flags];
            *opcode == Opcode::Load && flags.readonly() && flags.notrap() && flags.can_move()
        }
        _ => false,
    };
    let has_effect = opcode.can_load()
        || opcode.can_store()
        || opcode.can_trap()
        || opcode.is_call()
        || opcode.is_branch()
        || opcode.is_terminator()
        || opcode.is_return()
        || opcode.other_side_effects();
    function.dfg.inst_results(inst).len() == 1 && (is_constant_load || !has_effect)
}
