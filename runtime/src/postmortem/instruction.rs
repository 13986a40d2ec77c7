//! The instruction that a frame is at, with its operands.

use super::frame::StoppedFrame;
use super::operands::{Instruction, instruction_at};
use crate::index::*;
use crate::module::types::ExternType;
use crate::report::backtrace::FrameInfo;
use crate::vm::store::StoreCore;
use wasmparser::Operator;

/// The instruction that a frame is at.
pub(super) fn instruction<'a>(
    store: &'a StoreCore,
    frame: &FrameInfo,
    innermost: bool,
) -> Option<Instruction<'a>> {
    let instance = &**store.instances.get(frame.instance)?;
    let info = instance.module.info();
    let body = &info.bodies[info.defined(FuncIndex::from_u32(frame.func_index))?];
    let machine = StoppedFrame {
        store,
        instance,
        locals: &frame.locals,
        kept: &[],
        innermost,
    };
    let wasm = instance.module.artifact().wasm();
    let debugged = store.engine().config().settings().debug_info;
    instruction_at(wasm, info, body, frame.module_offset?, &machine, debugged)
}

/// Returns true if a frame's instruction waits in a shared memory.
pub(crate) fn waits(store: &StoreCore, frame: &FrameInfo) -> bool {
    let operator = instruction(store, frame, false).map(|it| it.operator);
    matches!(
        operator,
        Some(Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. })
    )
}

/// The name of the function that a frame's instruction calls, where it is an import.
pub(crate) fn called_import(store: &StoreCore, frame: &FrameInfo) -> Option<String> {
    let Operator::Call { function_index } = instruction(store, frame, false)?.operator else {
        return None;
    };
    let info = store.instances.get(frame.instance)?.module.info();
    let mut functions = info
        .imports
        .iter()
        .filter(|import| matches!(import.ty, ExternType::Func(_)));
    let import = functions.nth(function_index as usize)?;
    Some(format!("{}::{}", import.module, import.name))
}
