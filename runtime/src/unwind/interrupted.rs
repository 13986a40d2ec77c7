//! SIGPROF: a thread that may be anywhere reads its own frames, for whoever asked it. The handler cannot allocate.
//!
//! ```text
//! word: an address in the instruction that a frame is at · HOST · DEEPER
//! ```

use super::activation::{Activation, innermost};
use super::frames::caller;
use crate::abi::frame::FP_TO_CFA;
use crate::code::registry;
use libc::{REG_RBP, REG_RIP, REG_RSP, SIGPROF, c_int, siginfo_t, ucontext_t};
use std::cell::Cell;
use std::ptr;
use std::sync::Once;

/// A word for the host: the frame behind it called the host.
pub const HOST: u64 = 0;
/// A word for frames that are left out, outermost.
pub const DEEPER: u64 = 1;

/// Room for the words of a walk.
pub trait Words {
    /// Adds a frame; returns false if no further one counts.
    fn push(&mut self, word: u64) -> bool;
}

/// Somebody who has a thread read its frames.
#[derive(Clone, Copy)]
pub enum Reader {
    /// A timer of the thread's CPU time.
    Sampler,
    /// Another thread.
    Thread,
}

/// The function that reads them, given the program counter, the stack pointer and the frame pointer; no activation outside of guests.
pub type Read = fn([u64; 3], Option<&Activation>);

thread_local! {
    // Without a destructor and with a constant first value: the signal handler reads it.
    static READS: [Cell<Option<Read>>; 2] = const { [const { Cell::new(None) }; 2] };
}

/// Has this thread call a function at SIGPROF, or none.
pub fn read_by(reader: Reader, read: Option<Read>) {
    READS.with(|reads| reads[reader as usize].set(read));
}

/// Handles SIGPROF from now on: before the first one is sent, as the handler before may be an embedder's, and not only until the last, as one
/// that is late would end the process.
pub fn install_handler() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // SAFETY: all-zero is a valid sigaction, and the handler follows the rules of signal handlers.
        let result = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handle as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
            libc::sigaction(SIGPROF, &action, ptr::null_mut())
        };
        assert_eq!(result, 0, "sigaction takes this signal");
    });
}

extern "C" fn handle(_signal: c_int, _info: *mut siginfo_t, context: *mut libc::c_void) {
    // SAFETY: an activation is alive while it is linked.
    let activation = unsafe { innermost().as_ref() };
    // SAFETY: the kernel gives it to a handler with SA_SIGINFO.
    let registers = unsafe { &(*context.cast::<ucontext_t>()).uc_mcontext.gregs };
    let register = |number: c_int| registers[number as usize] as u64;
    let at = [REG_RIP, REG_RSP, REG_RBP].map(register);
    READS.with(|reads| {
        for read in reads.iter().filter_map(Cell::get) {
            read(at, activation);
        }
    });
}

/// Walks from wherever the thread is; `None` where it is in no guest and no function of the host that a guest called.
pub fn walk([pc, sp, fp]: [u64; 3], activation: &Activation, words: &mut dyn Words) -> Option<()> {
    if registry::lookup(pc as usize).is_some() {
        words.push(pc);
        if let Some(return_address) = frameless_return(pc, sp) {
            words.push(return_address - 1);
        }
        walk_chain(fp, sp, activation, words);
        return Some(());
    }
    let (fp, return_address) = activation.exit();
    // Before guests have called the host it is what an outer one left, and after that it may be of a call that has returned.
    if fp < sp || fp > activation.entry_fp.get() || (fp, return_address) == activation.outer_exit {
        return None;
    }
    words.push(HOST);
    words.push(return_address - 1);
    walk_chain(fp, sp, activation, words);
    Some(())
}

/// The return address of a function that has no frame yet, or no longer: at the first instructions of its prologue, and at its return or
/// its jump to the function that it leaves for, as Cranelift writes them for x86-64.
fn frameless_return(pc: u64, sp: u64) -> Option<u64> {
    const PUSH_RBP: u8 = 0x55;
    const MOV_RBP_RSP: [u8; 3] = [0x48, 0x89, 0xe5];
    const RET: u8 = 0xc3;
    const RET_POPPING: u8 = 0xc2;
    const POP_RBP: u8 = 0x5d;
    // SAFETY: `pc` is in placed code, which can be read and has a word after it; above the stack pointer is the caller's frame.
    unsafe {
        let code = (pc as *const [u8; 3]).read();
        match code {
            [PUSH_RBP | RET | RET_POPPING, ..] => Some((sp as *const u64).read()),
            // jmp, of a tail call.
            [0xe9, ..] | [0xff, 0xe0..=0xe7, _] | [0x41, 0xff, 0xe0..=0xe7]
                if (pc as *const u8).sub(1).read() == POP_RBP =>
            {
                Some((sp as *const u64).read())
            }
            MOV_RBP_RSP => Some((sp as *const u64).add(1).read()),
            _ => None,
        }
    }
}

/// As the walk from a trap does, but of a stack that may be in between: what is no chain of frames upwards ends the walk.
fn walk_chain(mut fp: u64, mut above: u64, mut activation: &Activation, words: &mut dyn Words) {
    loop {
        let entry = activation.entry_fp.get();
        while fp != entry {
            if fp < above || fp > entry || !fp.is_multiple_of(8) {
                return;
            }
            // SAFETY: the stack between the stack pointer and the frame that entered is there.
            let (next, return_address) = unsafe { caller(fp) };
            if !words.push(return_address.wrapping_sub(1)) {
                return;
            }
            (fp, above) = (next, fp + FP_TO_CFA);
        }
        let (exit_fp, exit_pc) = activation.outer_exit;
        // SAFETY: an outer activation is alive while an inner one is.
        match unsafe { activation.outer.as_ref() } {
            Some(outer) if exit_fp != 0 => {
                if !(words.push(HOST) && words.push(exit_pc - 1)) {
                    return;
                }
                (fp, above, activation) = (exit_fp, entry, outer);
            }
            _ => return,
        }
    }
}
