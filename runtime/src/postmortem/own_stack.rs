//! The stack that LLVM's programs have in their memory, beside that of their calls: whether it ran over. Nothing stops a program then, it
//! goes on into its data, or below address 0, and what traps in the end looks like something else.

use crate::index::*;
use crate::module::ModuleInfo;
use crate::module::init::{ConstExpr, ConstOp, SegmentMode};
use crate::module::types::{Mutability, ValType};
use crate::report::backtrace::FrameInfo;
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;

/// The stack pointer (LLVM's WebAssembly linking conventions: wasm-ld makes it the first global), its start, and the end
/// of the data that the module puts into its memory.
struct OwnStack {
    /// Below 0 it is below the memory.
    pointer: i64,
    top: u64,
    data_end: u64,
}

impl OwnStack {
    fn find(store: &StoreCore, frame: &FrameInfo) -> Option<OwnStack> {
        let instance = store.instances.get(frame.instance)?;
        let info = instance.module.info();
        let first = GlobalIndex::new(info.imported_globals);
        let ty = info.globals.get(first)?;
        if ty.mutability != Mutability::Var {
            return None;
        }
        let top = constant(info.global_inits.first()?)?;
        let global = instance.globals.get(first.index())?;
        // SAFETY: a global lives as long as its store, and no guest runs.
        let bits = unsafe { *global.cell.as_ptr() };
        let pointer = match ty.content {
            // It goes below 0 only where it does not begin in the upper half.
            ValType::I32 if top <= i32::MAX as u64 => i64::from(bits as i32),
            ValType::I32 => i64::from(bits as u32),
            ValType::I64 => bits as i64,
            _ => return None,
        };
        Some(OwnStack {
            pointer,
            top,
            data_end: data_end(info),
        })
    }

    /// Returns the distance below its area, where it certainly is below: the space between the data and the stack may be either's.
    fn overrun(&self) -> Option<u64> {
        let OwnStack {
            pointer,
            top,
            data_end,
        } = *self;
        // A stack is aligned to 16 bytes (the same conventions), and grows down from where it began.
        if top == 0 || top % 16 != 0 {
            return None;
        }
        // Where the stack comes first, there is nothing below it.
        let bottom = match top >= data_end {
            true => data_end,
            false => 0,
        };
        let below = i128::from(bottom) - i128::from(pointer);
        u64::try_from(below).ok().filter(|it| *it > 0)
    }
}

fn constant(expr: &ConstExpr) -> Option<u64> {
    match expr.ops[..] {
        [ConstOp::I32(value)] => Some(u64::from(value as u32)),
        [ConstOp::I64(value)] => Some(value as u64),
        _ => None,
    }
}

fn data_end(info: &ModuleInfo) -> u64 {
    let ends = info
        .data
        .values()
        .filter_map(|segment| match &segment.mode {
            SegmentMode::Active { offset, .. } => {
                constant(offset)?.checked_add(segment.bytes.len() as u64)
            }
            _ => None,
        });
    ends.max().unwrap_or(0)
}

/// Describes the overrun of the stack of the innermost frame's instance.
pub(super) fn overrun(store: &StoreCore, frame: &FrameInfo, depth: usize) -> Option<String> {
    let bytes = OwnStack::find(store, frame)?.overrun()?;
    let plural = if depth == 1 { "" } else { "s" };
    Some(format!(
        "the program's own stack, which lies in its memory, ran over by {bytes} bytes at least, {depth} frame{plural} deep; \
         -Wl,-z,stack-size=BYTES makes it larger"
    ))
}
