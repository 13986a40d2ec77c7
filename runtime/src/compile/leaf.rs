//! Frames in the guest's own stack, in linear memory, that only their function knows of: made known to whoever a debugger calls.
//!
//! LLVM lets a leaf function use the memory below `__stack_pointer` and leave the pointer as it is. A debugger's call
//! of another function from there would use the same memory. So the pointer is set for the while: nobody else can see it then,
//! whatever the global is for.

use super::signature::clif_type;
use super::state::LeafFrame;
use super::translator::Translator;
use crate::module::stack_pointer::stack_pointer;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData};
use wasmparser::{Operator, OperatorsReader};

impl Translator<'_, '_> {
    /// Looks for such a frame, at the start of a function.
    pub(super) fn find_leaf_frame(&mut self, operators: &OperatorsReader<'_>) {
        if !self.env.settings.debug_info {
            return;
        }
        let Some(global) = stack_pointer(self.env.module, operators) else {
            return;
        };
        let ty = clif_type(self.env.module.globals[global].content);
        let (address, offset) = self.global(global);
        let trusted = MemFlagsData::trusted();
        let callers = self.builder.ins().load(ty, trusted, address, offset);
        self.leaf_frame = Some(LeafFrame {
            global,
            callers,
            is_known: false,
        });
    }

    /// Behind an operator: the first subtraction makes the frame.
    pub(super) fn note_leaf_frame(&mut self, operator: &Operator<'_>) {
        let (Operator::I32Sub | Operator::I64Sub, true, Some(frame), Some(value)) = (
            operator,
            self.reachable,
            &mut self.leaf_frame,
            self.stack.last().copied(),
        ) else {
            return;
        };
        if !std::mem::replace(&mut frame.is_known, true) {
            let global = frame.global;
            self.set_global(global, value);
        }
    }

    /// Before the function returns.
    pub(super) fn leave_leaf_frame(&mut self) {
        if let Some(LeafFrame {
            global, callers, ..
        }) = self.leaf_frame
        {
            self.set_global(global, callers);
        }
    }
}
