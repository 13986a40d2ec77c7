//! The code generator's facts about a function → tables that outlive it: address map, traps, calls, unwind information
//! and where locals live.

use super::cleanup::cleanup_tag;
use super::env::CallTarget;
use super::state::KeptSlot;
use super::unwind;
use crate::abi::frame::{FP_TO_CFA, offset_below_frame_pointer};
use crate::abi::handlers::{
    CALLEE_SAVED, HandledCall, Handler, Place as HandlerPlace, SavedRegisters,
};
use crate::abi::trap::TrapKind;
use cranelift_codegen::binemit::{Addend, Reloc};
use cranelift_codegen::ir::{Function, Inst, Opcode, SourceLoc, StackSlot};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::UnwindInst;
use cranelift_codegen::{
    Context, ExceptionContextLoc, FinalizedMachExceptionHandler, FinalizedRelocTarget,
    MachBufferFinalized, MachBufferFrameLayout,
};
use dwalin_debuginfo::address::{CodeOffset, FrameOffset, WasmPc};
use dwalin_debuginfo::code::{DebugSlot, DebugSlots, FUNCTION_ALIGNMENT, SlotValue, ValueType};

/// One function's code.
pub struct CompiledFunction {
    /// Machine code.
    pub code: Vec<u8>,
    /// As the code generator asks.
    pub alignment: u32,
    /// Which wasm instruction each piece of code comes from; see `FunctionCode::rows`.
    pub rows: Vec<(CodeOffset, Option<WasmPc>)>,
    /// Instructions that can trap: sorted.
    pub traps: Vec<(CodeOffset, TrapKind)>,
    /// Calls to resolve.
    pub calls: Vec<Call>,
    /// Bytes of its frame below the frame pointer.
    pub frame_size: u32,
    /// Its call frame information: see [`super::unwind`].
    pub unwind: Vec<u8>,
    /// The stack slots of its values.
    pub slots: DebugSlots,
    /// The registers that it saves.
    pub saved: SavedRegisters,
    /// Its calls that have handlers of exceptions: sorted.
    pub handled_calls: Vec<HandledCall>,
    /// The return addresses of its calls, if debug info requires them: sorted.
    pub returns: Vec<CodeOffset>,
}

/// A relative call, or reference.
pub struct Call {
    /// Of the bytes to patch.
    pub offset: CodeOffset,
    /// The kind of relocation.
    pub reloc: Reloc,
    /// Plus this.
    pub addend: Addend,
    /// To what.
    pub target: CallTarget,
}

/// The local that a stack slot is the home of, packed into the slot's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HomeOf {
    /// The local's index.
    pub local: u32,
    /// Its type.
    pub ty: ValueType,
}

impl HomeOf {
    /// As a stack slot's key.
    pub fn key(self) -> cranelift_codegen::ir::StackSlotKey {
        let HomeOf { local, ty } = self;
        cranelift_codegen::ir::StackSlotKey::new((ty as u64) << 32 | u64::from(local))
    }

    fn from_key(key: cranelift_codegen::ir::StackSlotKey) -> HomeOf {
        let bits = key.bits();
        HomeOf {
            local: bits as u32,
            ty: ValueType::ALL[(bits >> 32) as usize],
        }
    }
}

/// Reads off a compiled function.
///
/// # Errors
/// In the words of the code generator's author: what it made and we cannot take.
pub fn observe(isa: &dyn TargetIsa, context: &Context) -> Result<CompiledFunction, String> {
    let compiled = context.compiled_code().ok_or("no code")?;
    let buffer = &compiled.buffer;
    let unwind = match moved_by(&buffer.unwind_info)? {
        0 => unwind::description(isa, compiled)?,
        moved => unwind::of_moved_frame(isa, compiled, moved)?,
    };
    let traps = buffer.traps().iter().map(|trap| {
        let kind = TrapKind::from_clif(trap.code)
            .ok_or_else(|| format!("unknown trap code {}", trap.code))?;
        Ok((CodeOffset(trap.offset), kind))
    });
    let names = context.func.params.user_named_funcs();
    let calls = buffer.relocs().iter().map(|reloc| {
        let FinalizedRelocTarget::ExternalName(name) = &reloc.target else {
            return Err("a relocation within a function".to_owned());
        };
        let target = CallTarget::from_name(name, |reference| names[reference].clone());
        let target = target.ok_or_else(|| {
            format!("this processor lacks an instruction, and code would call {name:?}")
        })?;
        Ok(Call {
            offset: CodeOffset(reloc.offset),
            reloc: reloc.kind,
            addend: reloc.addend,
            target,
        })
    });
    let frame = buffer.frame_layout();
    let mut code = buffer.data().to_vec();
    if place_nops(&mut code, buffer) != breakpoints(&context.func) {
        return Err("an instruction that does nothing was moved".to_owned());
    }
    Ok(CompiledFunction {
        frame_size: frame.map_or(0, |layout| layout.frame_to_fp_offset),
        code,
        alignment: buffer.alignment.max(FUNCTION_ALIGNMENT as u32),
        rows: rows(buffer, &compiled.bb_starts),
        traps: traps.collect::<Result<_, String>>()?,
        calls: calls.collect::<Result<_, String>>()?,
        unwind,
        slots: homes(buffer),
        saved: saved_registers(&buffer.unwind_info),
        handled_calls: handled_calls(buffer)?,
        returns: Vec::new(),
    })
}

/// Returns true if the slot behind each of these is 8 bytes above it.
pub(super) fn are_adjacent(context: &Context, first: &[StackSlot]) -> bool {
    let compiled = context.compiled_code();
    let layout = compiled.and_then(|compiled| compiled.buffer.frame_layout());
    layout.is_some_and(|layout| {
        let offset = |slot: StackSlot| layout.stackslots[slot].offset;
        let next = |slot: StackSlot| StackSlot::from_u32(slot.as_u32() + 1);
        first
            .iter()
            .all(|slot| offset(*slot) + 8 == offset(next(*slot)))
    })
}

/// Adds what only a function of the module has: the values that it keeps, and where its calls return to.
pub(super) fn finish(
    function: &mut CompiledFunction,
    context: &Context,
    kept: &[KeptSlot],
    has_call_sites: bool,
) {
    let Some(compiled) = context.compiled_code() else {
        return;
    };
    if let Some(layout) = compiled.buffer.frame_layout() {
        let kept = kept.iter().filter(|kept| kept.at.start < kept.at.end);
        function.slots.slots.extend(kept.map(|kept| DebugSlot {
            value: SlotValue::Kept(kept.what),
            range: kept.at.clone(),
            offset: frame_offset(layout, layout.stackslots[kept.slot].offset),
            ty: kept.ty,
        }));
    }
    if has_call_sites {
        let calls = compiled.buffer.call_sites();
        function.returns = calls.map(|call| CodeOffset(call.ret_addr)).collect();
        function.returns.sort_unstable();
    }
}

/// The bytes by which a function moves its return address and the saved frame pointer down: in the `tail` convention, where a tail call
/// takes more arguments on the stack than the function got.
///
/// # Errors
/// A prologue that makes no frame.
fn moved_by(prologue: &[(u32, UnwindInst)]) -> Result<u32, String> {
    let distance = prologue
        .iter()
        .find_map(|(_, instruction)| match instruction {
            UnwindInst::DefineNewFrame {
                offset_upward_to_caller_sp,
                ..
            } => Some(*offset_upward_to_caller_sp),
            _ => None,
        });
    match distance.and_then(|distance| distance.checked_sub(FP_TO_CFA as u32)) {
        Some(moved) => Ok(moved),
        None => Err("a function without a frame pointer".to_owned()),
    }
}

/// The registers that a function saves, from what its prologue tells unwinders.
fn saved_registers(prologue: &[(u32, UnwindInst)]) -> SavedRegisters {
    let mut saved = SavedRegisters::default();
    let mut base = 0;
    for (_, instruction) in prologue {
        match instruction {
            UnwindInst::DefineNewFrame {
                offset_downward_to_clobbers,
                ..
            } => base = FP_TO_CFA as u32 + offset_downward_to_clobbers,
            UnwindInst::SaveReg {
                clobber_offset,
                reg,
            } => {
                let register = CALLEE_SAVED.iter().position(|it| *it == reg.hw_enc());
                if let Some(register) = register {
                    saved.0[register] = ((base - clobber_offset) / 8) as u8;
                }
            }
            _ => {}
        }
    }
    saved
}

/// The calls with handlers.
///
/// # Errors
/// A register that is not kept over calls.
fn handled_calls(
    buffer: &MachBufferFinalized<cranelift_codegen::Final>,
) -> Result<Vec<HandledCall>, String> {
    let handler = |handler: &FinalizedMachExceptionHandler| {
        Ok(match *handler {
            FinalizedMachExceptionHandler::Tag(tag, code) if tag == cleanup_tag() => {
                Handler::Cleanup(CodeOffset(code))
            }
            FinalizedMachExceptionHandler::Tag(tag, code) => {
                Handler::Tag(tag.as_u32(), CodeOffset(code))
            }
            FinalizedMachExceptionHandler::Default(code) => Handler::All(CodeOffset(code)),
            FinalizedMachExceptionHandler::Context(ExceptionContextLoc::SPOffset(offset)) => {
                Handler::Context(HandlerPlace::Stack(offset))
            }
            FinalizedMachExceptionHandler::Context(ExceptionContextLoc::GPR(register)) => {
                let register = CALLEE_SAVED.iter().position(|it| *it == register);
                let register = register.ok_or("a context in a register that calls change")?;
                Handler::Context(HandlerPlace::Register(register as u32))
            }
        })
    };
    let with_handlers = buffer
        .call_sites()
        .filter(|call| !call.exception_handlers.is_empty());
    let mut calls = with_handlers
        .map(|call| {
            Ok(HandledCall {
                returns: CodeOffset(call.ret_addr),
                sp_to_fp: call.frame_offset.ok_or("a call without its frame")?,
                handlers: call
                    .exception_handlers
                    .iter()
                    .map(handler)
                    .collect::<Result<_, String>>()?,
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    calls.sort_unstable_by_key(|call| call.returns);
    Ok(calls)
}

fn frame_offset(layout: &MachBufferFrameLayout, slot: u32) -> FrameOffset {
    offset_below_frame_pointer(i64::from(layout.frame_to_fp_offset) - i64::from(slot))
}

/// A source location for the code generator: a wasm address, and which of several statements there. The code generator takes
/// neighbours with one location for one piece, and so they alternate.
pub fn source_location(pc: WasmPc, tag: LocationTag) -> SourceLoc {
    SourceLoc::new(pc.0 | (tag as u32) << 30)
}

/// The origin of an instruction, in its source location.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum LocationTag {
    /// The wasm instruction.
    Instruction = 0,
    /// A statement before it that has none: the first, third ...
    OddStatement = 1,
    /// The second, fourth ...
    EvenStatement = 2,
    /// The wasm instruction, of code that does nothing.
    Nothing = 3,
}

/// The wasm address in a source location.
pub fn wasm_pc(location: SourceLoc) -> WasmPc {
    WasmPc(location.bits() & ((1 << 30) - 1))
}

/// Makes each breakpoint that stands for an instruction that does nothing that instruction, and returns their number. Such a piece of code
/// begins with it; what the register allocator moves comes behind.
fn place_nops(code: &mut [u8], buffer: &MachBufferFinalized<cranelift_codegen::Final>) -> usize {
    const BREAKPOINT: u8 = 0xcc;
    const NOP: u8 = 0x90;
    let mut placed = 0;
    for piece in buffer.get_srclocs_sorted() {
        let first = code.get_mut(piece.start as usize);
        if let Some(first) = first.filter(|it| does_nothing(piece.loc) && **it == BREAKPOINT) {
            *first = NOP;
            placed += 1;
        }
    }
    placed
}

/// Returns true if a breakpoint at this location stands for an instruction that does nothing; those of ticks are at others.
fn does_nothing(location: SourceLoc) -> bool {
    !location.is_default() && location.bits() >> 30 != LocationTag::Instruction as u32
}

/// The number of breakpoints in a function that stand for instructions that do nothing: none may be left in its code, which a debugger
/// would stop at, and which ends a program that has none.
fn breakpoints(function: &Function) -> usize {
    let layout = &function.layout;
    let all = layout.blocks().flat_map(|block| layout.block_insts(block));
    let is_breakpoint = |inst: &Inst| {
        function.dfg.insts[*inst].opcode() == Opcode::Debugtrap
            && does_nothing(function.srcloc(*inst))
    };
    all.filter(is_breakpoint).count()
}

/// The address map: pieces without a source location get a row too, equal neighbours are one.
/// Which instruction each piece of code is of. `blocks` are the offsets at which basic blocks begin, sorted.
fn rows(
    buffer: &MachBufferFinalized<cranelift_codegen::Final>,
    blocks: &[u32],
) -> Vec<(CodeOffset, Option<WasmPc>)> {
    let mut rows: Vec<(CodeOffset, Option<SourceLoc>)> = Vec::new();
    let mut push = |offset: u32, location: Option<SourceLoc>| {
        let nothing = LocationTag::Nothing as u32;
        let location = location.map(|it| match it.bits() >> 30 {
            tag if tag == nothing => source_location(wasm_pc(it), LocationTag::Instruction),
            _ => it,
        });
        if rows.last().is_none_or(|(_, before)| *before != location) {
            rows.push((CodeOffset(offset), location));
        }
    };
    let mut end = 0;
    for piece in buffer.get_srclocs_sorted() {
        let location = (!piece.loc.is_default()).then_some(piece.loc);
        if piece.start > end {
            push(end, None);
            // What the register allocator puts at a block's start belongs to what follows: the code before may be of elsewhere.
            let next = blocks.partition_point(|block| *block < piece.start);
            let is_within = blocks.get(next) != Some(&piece.start);
            let block = blocks[..next]
                .last()
                .filter(|block| is_within && **block >= end);
            if let Some(block) = block.filter(|block| **block > 0) {
                push(*block, location);
            }
        }
        push(piece.start, location);
        end = piece.end;
    }
    if end < buffer.total_size() {
        push(end, None);
    }
    rows.into_iter()
        .map(|(offset, location)| (offset, location.map(wasm_pc)))
        .collect()
}

/// The slots of locals.
fn homes(buffer: &MachBufferFinalized<cranelift_codegen::Final>) -> DebugSlots {
    let mut homes = DebugSlots::default();
    let Some(layout) = buffer.frame_layout() else {
        return homes;
    };
    for slot in layout.stackslots.values() {
        let Some(key) = slot.key else { continue };
        let offset = frame_offset(layout, slot.offset);
        let HomeOf { local, ty } = HomeOf::from_key(key);
        homes.slots.push(DebugSlot::home(local, offset, ty));
    }
    homes.slots.sort_unstable_by_key(DebugSlot::local);
    homes
}

#[cfg(test)]
mod tests {
    use super::moved_by;
    use cranelift_codegen::isa::unwind::UnwindInst;

    #[test]
    fn frames_without_a_pointer_are_refused() {
        let frame = |offset_upward_to_caller_sp| {
            let instruction = UnwindInst::DefineNewFrame {
                offset_upward_to_caller_sp,
                offset_downward_to_clobbers: 0,
            };
            moved_by(&[(0, instruction)])
        };
        assert_eq!((frame(16), frame(32)), (Ok(0), Ok(16)));
        assert!(frame(8).is_err());
        assert!(moved_by(&[]).is_err());
    }
}
