//! Exceptions: the way from the instruction that throws to the handler. The handler is searched with the whole stack standing, then
//! control goes there.
//!
//! Guest code follows the platform's C convention, so a handler expects the registers that its callees save as they were in its
//! frame. The runtime's entries store them as they find them, and each frame on the way gives back those that it saved
//! (`code/handlers.rs`). Frames of the host are never passed.

use super::activation::Activation;
use super::frames::caller;
use crate::abi::frame::FP_TO_CFA;
use crate::abi::handlers::{CALLEE_SAVED, Handler, Place};
use crate::abi::layout::VmContextHead;
use crate::code::PlacedCode;
use crate::code::handlers::Handlers;
use std::arch::naked_asm;
use std::mem::offset_of;

/// The registers of guest code that called the runtime; then those with which it goes on.
#[repr(C)]
pub struct Registers {
    /// In the order of [`CALLEE_SAVED`].
    pub saved: [u64; CALLEE_SAVED.len()],
    pub fp: u64,
    pub sp: u64,
    pub pc: u64,
    /// For the handler: the exception, and the address of its values.
    pub payload: [u64; 2],
    _aligned: u64,
}

/// Functions that guest code's trampolines call: `name => function;` makes `name` of a function that gets [`Registers`] as its fourth
/// argument.
macro_rules! entries {
    ($($(#[$doc:meta])* $name:ident => $inner:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// Stores the registers and calls the function with them as its fourth argument. Returns where that returns 0; else continues
        /// with the registers that it left.
        ///
        /// # Safety
        /// Only trampolines of guest code may call it.
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                ".cfi_startproc",
                "push rbp",
                ".cfi_def_cfa_offset 16",
                ".cfi_offset rbp, -16",
                "mov rbp, rsp",
                ".cfi_def_cfa_register rbp",
                "sub rsp, {size}",
                "mov [rsp], rbx",
                "mov [rsp + 8], r12",
                "mov [rsp + 16], r13",
                "mov [rsp + 24], r14",
                "mov rax, [rbp]",
                "mov [rsp + {fp}], rax",
                "mov rax, [rbp + 8]",
                "mov [rsp + {pc}], rax",
                "mov rcx, rsp",
                "call {inner}",
                "test eax, eax",
                "jne 2f",
                "leave",
                ".cfi_remember_state",
                ".cfi_def_cfa rsp, 8",
                "ret",
                ".cfi_restore_state",
                "2: jmp {resume}",
                ".cfi_endproc",
                inner = sym $inner,
                resume = sym $crate::unwind::exception::resume,
                size = const size_of::<$crate::unwind::exception::Registers>(),
                fp = const std::mem::offset_of!($crate::unwind::exception::Registers, fp),
                pc = const std::mem::offset_of!($crate::unwind::exception::Registers, pc),
            )
        }
    )*};
}

pub(crate) use entries;

/// Continues with the [`Registers`] at the stack pointer. Before, a debugger that steps over a call is told of the handler by the
/// probe of libgcc's unwinder (gdb: infrun.c, check_exception_resume; the notes are those of sys/sdt.h).
///
/// # Safety
/// The registers are those of a handler's frame, which waits further up the stack.
#[unsafe(naked)]
pub unsafe extern "C" fn resume() {
    naked_asm!(
        ".cfi_startproc",
        // Still the frame of the entry that jumps here.
        ".cfi_def_cfa rbp, 16",
        ".cfi_offset rbp, -16",
        "mov rcx, [rsp + {pc}]",
        "mov r8, [rsp + {sp}]",
        // Linkers drop sections that only notes refer to, and gdb reads no notes without this one.
        "lea rax, [rip + _.stapsdt.base]",
        "990: nop",
        ".pushsection .note.stapsdt,\"\",\"note\"",
        ".balign 4",
        ".4byte 992f - 991f, 994f - 993f, 3",
        "991: .asciz \"stapsdt\"",
        "992: .balign 4",
        "993: .8byte 990b",
        ".8byte _.stapsdt.base",
        ".8byte 0",
        ".asciz \"libgcc\"",
        ".asciz \"unwind\"",
        ".asciz \"8@%r8 8@%rcx\"",
        "994: .balign 4",
        ".popsection",
        ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat",
        ".weak _.stapsdt.base",
        ".hidden _.stapsdt.base",
        "_.stapsdt.base: .space 1",
        ".size _.stapsdt.base, 1",
        ".popsection",
        "mov rbx, [rsp]",
        "mov r12, [rsp + 8]",
        "mov r13, [rsp + 16]",
        "mov r14, [rsp + 24]",
        "mov rax, [rsp + {payload}]",
        "mov rdx, [rsp + {payload} + 8]",
        "mov rbp, [rsp + {fp}]",
        "mov rsp, r8",
        "jmp rcx",
        ".cfi_endproc",
        fp = const offset_of!(Registers, fp),
        sp = const offset_of!(Registers, sp),
        pc = const offset_of!(Registers, pc),
        payload = const offset_of!(Registers, payload),
    )
}

/// The code that an address returns to: which piece of it, and the address as an offset of the text.
pub type CodeAt<'a> = (&'a PlacedCode, usize, u32);

/// The handlers that a search found among the guests of an activation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// One that takes the exception; cleanups may come before it.
    Handler,
    /// Cleanups alone, which throw it on.
    Cleanup,
    /// None.
    Nothing,
}

/// Finds the handlers of an exception among the guests of an activation, and makes the registers those of the first, if there is one.
/// `find` knows the code, and `takes(context, tag)` whether the exception has a tag of the instance with this context.
///
/// # Safety
/// The registers are those of the guest of this activation that called the runtime, and its stack is intact.
pub unsafe fn land<'a>(
    activation: &Activation,
    registers: &mut Registers,
    mut find: impl FnMut(u64) -> Option<CodeAt<'a>>,
    takes: impl Fn(Option<*const VmContextHead>, u32) -> bool,
) -> Found {
    let (mut pc, mut fp, mut saved) = (registers.pc, registers.fp, registers.saved);
    let mut found = Found::Nothing;
    while fp != activation.entry_fp.get() {
        // Where a debugger called a function, its frame ends the guests'.
        let Some((code, piece, returns)) = find(pc) else {
            break;
        };
        let table = code.artifact().unwind();
        if let Some(handlers) = table.handlers(returns) {
            let sp = fp - u64::from(handlers.sp_to_fp);
            let context = |place| {
                let context = match place {
                    // SAFETY: code keeps its context there while the call waits.
                    Place::Stack(offset) => unsafe { *((sp + u64::from(offset)) as *const u64) },
                    Place::Register(register) => saved[register as usize],
                };
                Some(context as *const VmContextHead)
            };
            let of_call = handler(&handlers, context, &takes);
            if let Some(first) = of_call.first
                && found == Found::Nothing
            {
                registers.pc = code.text().start.0 + u64::from(first);
                (registers.saved, registers.fp, registers.sp) = (saved, fp, sp);
                found = Found::Cleanup;
            }
            if of_call.takes {
                return Found::Handler;
            }
        }
        let places = table.saved(piece).unwrap_or_default().0;
        for (register, distance) in saved.iter_mut().zip(places) {
            if distance != 0 {
                // SAFETY: the function saved the register there, and its frame waits.
                *register = unsafe { *((fp + FP_TO_CFA - u64::from(distance) * 8) as *const u64) };
            }
        }
        // SAFETY: the frame waits.
        (fp, pc) = unsafe { caller(fp) };
    }
    found
}

/// The handlers of a call that an exception goes to.
struct OfCall {
    /// The code of the first, which may be a cleanup.
    first: Option<u32>,
    /// True if one takes it.
    takes: bool,
}

/// Finds the handlers of a call that an exception goes to. `context` gives the context of the instance whose tags the handlers mean, where
/// it can be known.
fn handler(
    handlers: &Handlers<'_>,
    context: impl Fn(Place) -> Option<*const VmContextHead>,
    takes: impl Fn(Option<*const VmContextHead>, u32) -> bool,
) -> OfCall {
    let (mut within, mut first) = (None, None);
    for item in handlers.iter() {
        let code = match item {
            Handler::Context(place) => {
                within = context(place);
                continue;
            }
            Handler::Cleanup(code) => {
                first.get_or_insert(code.0);
                continue;
            }
            Handler::All(code) => code,
            Handler::Tag(tag, code) if takes(within, tag) => code,
            Handler::Tag(..) => continue,
        };
        let first = first.or(Some(code.0));
        return OfCall { first, takes: true };
    }
    OfCall {
        first,
        takes: false,
    }
}

/// Returns true if a guest of the same store that waits for the host, which entered the guests of this activation, has a handler:
/// whether the exception gets there is the host's decision. The contexts of those guests are not known: their registers are behind
/// frames of the host.
///
/// # Safety
/// Outer activations wait.
pub unsafe fn is_handled_outside<'a>(
    mut inner: &Activation,
    mut find: impl FnMut(u64) -> Option<CodeAt<'a>>,
    takes: impl Fn(Option<*const VmContextHead>, u32) -> bool,
) -> bool {
    // SAFETY: an outer activation is alive while an inner one is.
    while let Some(outer) = unsafe { inner.outer.as_ref() }
        && std::ptr::eq(outer.store(), inner.store())
    {
        let (mut fp, mut pc) = inner.outer_exit;
        while fp != 0 && fp != outer.entry_fp.get() {
            let Some((code, _, returns)) = find(pc) else {
                break;
            };
            let handlers = code.artifact().unwind().handlers(returns);
            if handlers.is_some_and(|handlers| handler(&handlers, |_| None, &takes).takes) {
                return true;
            }
            // SAFETY: the guests of an outer activation wait.
            (fp, pc) = unsafe { caller(fp) };
        }
        inner = outer;
    }
    false
}

/// Returns the words that guests and host have on the stack, from the registers of the guest that called the runtime to the outermost
/// entry.
///
/// # Safety
/// The thread is below the frames of all its activations and below the registers for as long as the words are read.
pub unsafe fn stack_words(
    activation: &Activation,
    registers: *const Registers,
) -> impl Iterator<Item = u64> {
    let mut outermost = activation;
    // SAFETY: an outer activation is alive while an inner one is.
    while let Some(outer) = unsafe { outermost.outer.as_ref() } {
        outermost = outer;
    }
    let stack: *const u64 = registers.cast();
    let words = (outermost.entry_fp.get() as usize - stack as usize) / 8;
    // SAFETY: the caller's promise: the words between are this thread's stack; those that the host has there may be anything, and are
    // read as numbers.
    (0..words).map(move |i| unsafe { stack.add(i).read_volatile() })
}
