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

use dwalin_debuginfo::address::FrameOffset;

/// The distance from the frame pointer to the canonical frame address (DWARF 5, section 6.4): the saved frame pointer and the return
/// address.
const FP_TO_CFA: i64 = 16;

/// The offset from the CFA of what is `below` bytes below the frame pointer.
pub fn offset_below_frame_pointer(below: i64) -> FrameOffset {
    FrameOffset((-below - FP_TO_CFA) as i32)
}

/// The address of a slot in a frame, by the frame's frame pointer.
pub fn slot_address(frame_pointer: u64, offset: FrameOffset) -> u64 {
    frame_pointer
        .wrapping_add_signed(FP_TO_CFA)
        .wrapping_add_signed(i64::from(offset.0))
}
