//! Into guest code, and out of it by a trap: the only machine code of the runtime that Cranelift does not make.

use super::activation::Activation;
use crate::abi::layout::VmContextHead;
use std::arch::{asm, naked_asm};
use std::mem::offset_of;

/// Calls `trampoline(context, code, args, is_tail)` as the thread's innermost activation. Returns 0 when the guest returned, 1 when it
/// was left by a trap or an error.
///
/// The frame keeps all callee-saved registers at fixed distances from its frame pointer, so that knowing the frame pointer
/// is enough to leave; and it says where for unwinders, which then find the host's frames as they were.
///
/// # Safety
/// `trampoline` must be the `array_to_wasm` trampoline for the type of `code`, `context` the context that `code` is to run
/// in, `is_tail` whether it follows the `tail` convention, as its VmFuncRef says, and `args` slots for its arguments and results.
/// `activation` must be the thread's innermost.
#[unsafe(naked)]
pub unsafe extern "C" fn enter_guest(
    activation: *const Activation,
    context: *mut VmContextHead,
    code: *const u8,
    args: *mut u128,
    trampoline: *const u8,
    is_tail: u32,
) -> u32 {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "push rbx",
        ".cfi_offset rbx, -24",
        "push r12",
        ".cfi_offset r12, -32",
        "push r13",
        ".cfi_offset r13, -40",
        "push r14",
        ".cfi_offset r14, -48",
        "push r15",
        ".cfi_offset r15, -56",
        "sub rsp, 8", // calls want the stack pointer 16-aligned
        "mov [rdi + {entry_fp}], rbp",
        "lea rax, [rip + 2f]",
        "mov [rdi + {resume}], rax",
        "mov rdi, rsi",
        "mov rsi, rdx",
        "mov rdx, rcx",
        "mov ecx, r9d",
        "call r8",
        "xor eax, eax",
        "2:", // here with rax = 1 and rbp alone restored after a trap
        "lea rsp, [rbp - 40]",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
        entry_fp = const offset_of!(Activation, entry_fp),
        resume = const offset_of!(Activation, resume),
    )
}

impl Activation {
    /// Returns to the frame that entered guest code, as trapped.
    ///
    /// # Safety
    /// `enter_guest` must wait in that frame, and no frame between may have anything to drop.
    pub unsafe fn leave(&self) -> ! {
        // SAFETY: `enter_guest` recorded both; the rest is the caller's promise.
        unsafe {
            asm!(
                "mov rbp, rcx",
                "jmp rdx",
                in("rax") 1,
                in("rcx") self.entry_fp.get(),
                in("rdx") self.resume.get(),
                options(noreturn),
            )
        }
    }
}
