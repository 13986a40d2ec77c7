//! The frame of a guest function.
//!
//! ```text
//!   CFA → ┌────────────────────┐
//!         │ return address     │
//!         │ saved frame pointer│ ← frame pointer
//!         ├────────────────────┤
//!         │ stack slots        │ homes and kept values: at offsets from the CFA
//!         └────────────────────┘
//! ```
//! All guest code and all trampolines keep a frame pointer, so that a chain of them is a backtrace.

use crate::module::types::ValType;
use dwalin_debuginfo::address::FrameOffset;
use dwalin_debuginfo::code::ValueType;

/// The distance from the frame pointer to the canonical frame address (DWARF 5, section 6.4): the saved frame pointer and the return
/// address.
pub const FP_TO_CFA: u64 = 16;

/// The offset from the CFA of what is `below` bytes below the frame pointer.
pub fn offset_below_frame_pointer(below: i64) -> FrameOffset {
    FrameOffset((-below - FP_TO_CFA as i64) as i32)
}

/// The address of a slot in a frame, by the frame's frame pointer.
pub fn slot_address(frame_pointer: u64, offset: FrameOffset) -> u64 {
    frame_pointer
        .wrapping_add(FP_TO_CFA)
        .wrapping_add_signed(i64::from(offset.0))
}

/// The type of a value's bytes in a slot.
pub fn value_type(ty: ValType) -> ValueType {
    match ty {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::V128 => ValueType::V128,
        ValType::Ref(_) => ValueType::Ref,
    }
}
