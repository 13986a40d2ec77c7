//! SIGSEGV, SIGBUS, SIGILL and SIGFPE → [`Fault`]. An address is looked up once; a signal that is not ours goes to whoever
//! had it before.

use super::activation::{Activation, Fault, innermost};
use super::frames::FramePc;
use crate::abi::trap::TrapKind;
use crate::code::registry;
use libc::{
    REG_R15, REG_RAX, REG_RBP, REG_RDI, REG_RIP, REG_RSP, SIGBUS, SIGFPE, SIGILL, SIGSEGV, c_int,
    siginfo_t, ucontext_t,
};
use std::cell::{OnceCell, UnsafeCell};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Once;

const SIGNALS: [c_int; 4] = [SIGSEGV, SIGBUS, SIGILL, SIGFPE];

/// The distance below the stack pointer at which a frame that is being made accesses memory.
const PROBE_DISTANCE: usize = 64 << 10;

/// Stack that is needed to read frames where they are; what guests leave for the host is more.
const CAPTURE_STACK: usize = 192 << 10;
/// Bytes below the stack pointer that a function may use (System V ABI, x86-64, section 3.2.2).
const RED_ZONE: usize = 128;

/// The previous handlers of the signals. Written once, before the handlers can run.
struct Previous(UnsafeCell<[MaybeUninit<libc::sigaction>; SIGNALS.len()]>);

// SAFETY: written under `Once` before any handler is installed for its entry, only read afterwards.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous = Previous(UnsafeCell::new(
    [const { MaybeUninit::uninit() }; SIGNALS.len()],
));

/// Makes this thread able to run guest code: handlers for the process, a stack for them for the thread.
pub fn prepare_thread() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        for (i, signal) in SIGNALS.iter().enumerate() {
            // SAFETY: all-zero is a valid sigaction; the handler follows the rules of signal handlers; each entry of PREVIOUS
            // is written by the call that installs the handler that reads it.
            let result = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = handle as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
                let previous = (*PREVIOUS.0.get())[i].as_mut_ptr();
                libc::sigaction(*signal, ptr::null(), previous);
                libc::sigaction(*signal, &action, ptr::null_mut())
            };
            assert_eq!(result, 0, "sigaction takes these signals");
        }
    });
    thread_local!(static STACK: OnceCell<HandlerStack> = const { OnceCell::new() });
    // A destructor that runs guest code while its thread ends does so without: only the host could need it.
    let _ = STACK.try_with(|stack| {
        stack.get_or_init(HandlerStack::install);
    });
}

/// A stack for signal handlers, for a thread whose own one is too small: guests overflow the thread's stack.
struct HandlerStack(Option<Box<[u8]>>);

const HANDLER_STACK: usize = 64 << 10;

impl HandlerStack {
    fn install() -> HandlerStack {
        // SAFETY: sigaltstack writes the old stack's description, and takes a new one that lives until it is replaced.
        unsafe {
            let mut old: libc::stack_t = std::mem::zeroed();
            libc::sigaltstack(ptr::null(), &mut old);
            if old.ss_flags & libc::SS_DISABLE == 0 && old.ss_size >= HANDLER_STACK {
                return HandlerStack(None);
            }
            let mut memory = vec![0u8; HANDLER_STACK].into_boxed_slice();
            let new = libc::stack_t {
                ss_sp: memory.as_mut_ptr().cast(),
                ss_flags: 0,
                ss_size: HANDLER_STACK,
            };
            assert_eq!(
                libc::sigaltstack(&new, ptr::null_mut()),
                0,
                "no handler runs on the old stack"
            );
            HandlerStack(Some(memory))
        }
    }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        if let Some(memory) = &self.0 {
            // SAFETY: the stack is disabled before its memory is freed, if it is still the thread's.
            unsafe {
                let mut current: libc::stack_t = std::mem::zeroed();
                libc::sigaltstack(ptr::null(), &mut current);
                if ptr::eq(current.ss_sp, memory.as_ptr().cast()) {
                    let disable = libc::stack_t {
                        ss_sp: ptr::null_mut(),
                        ss_flags: libc::SS_DISABLE,
                        ss_size: 0,
                    };
                    libc::sigaltstack(&disable, ptr::null_mut());
                }
            }
        }
    }
}

extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel gives both to a handler with SA_SIGINFO.
    let (info_ref, context_ref) = unsafe { (&*info, &mut *context.cast::<ucontext_t>()) };
    // SAFETY: an activation is alive while it is linked.
    if let Some(activation) = unsafe { innermost().as_ref() }
        && let Some(fault) = fault(signal, info_ref, context_ref)
    {
        leave(activation, fault, context_ref);
        return;
    }
    // SAFETY: we are in a handler for `signal`.
    unsafe { chain(signal, info, context) }
}

/// The trap that a signal stands for; `None` where it is not one of guest code.
fn fault(signal: c_int, info: &siginfo_t, context: &ucontext_t) -> Option<Fault> {
    if was_sent(info) {
        return None;
    }
    let pc = context.uc_mcontext.gregs[REG_RIP as usize] as usize;
    let found = registry::lookup(pc)?;
    let memory_access = matches!(signal, SIGSEGV | SIGBUS);
    // SAFETY: these signals carry an address when the processor raised them.
    let address = memory_access.then(|| unsafe { info.si_addr() } as usize);
    let kind = match (found.kind, address) {
        (Some(kind), _) => kind,
        (None, Some(address)) if on_stack(context, address) => TrapKind::StackOverflow,
        _ => return None,
    };
    Some(Fault { kind, pc, address })
}

/// Returns true if a process sent the signal, rather than an instruction raised it (sigaction(2), si_code).
fn was_sent(info: &siginfo_t) -> bool {
    info.si_code <= 0
}

/// Returns true if an address is where a new frame would be.
fn on_stack(context: &ucontext_t, address: usize) -> bool {
    let pointer = context.uc_mcontext.gregs[REG_RSP as usize] as usize;
    address.abs_diff(pointer) < PROBE_DISTANCE
}

/// Records the trap and its frames, and lets the thread go on where it entered.
fn leave(activation: &Activation, fault: Fault, context: &mut ucontext_t) {
    let registers = &mut context.uc_mcontext.gregs;
    if let Ok(mut frames) = activation.frames.try_borrow_mut() {
        // SAFETY: the fault is in guest code, whose frame pointer is always good (a frame that is being made has its
        // caller's), and the stack is as it was.
        unsafe {
            frames.walk_from(
                FramePc::Exact(fault.pc),
                registers[REG_RBP as usize] as u64,
                activation,
            );
        };
    }
    activation.note_ticks(registers[REG_R15 as usize] as u64);
    activation.trap.set(Some(fault));
    let stack = registers[REG_RSP as usize] as usize;
    if activation.capture.get() != 0 && stack >= activation.stack_end + CAPTURE_STACK {
        // A call from where it happened: below the red zone, with the alignment that functions expect (System V ABI, x86-64,
        // section 3.2.2). What is below the stack pointer stays, and with it the frames.
        registers[REG_RSP as usize] = ((stack - RED_ZONE) & !15) as i64 - 8;
        registers[REG_RIP as usize] = activation.capture.get() as i64;
        registers[REG_RDI as usize] = activation as *const Activation as i64;
        return;
    }
    registers[REG_RIP as usize] = activation.resume.get() as i64;
    registers[REG_RBP as usize] = activation.entry_fp.get() as i64;
    registers[REG_RAX as usize] = 1;
}

/// Does what would have happened without us.
///
/// # Safety
/// For a handler of `signal` alone, with what the kernel gave it.
unsafe fn chain(signal: c_int, info: *mut siginfo_t, context: *mut libc::c_void) {
    let index = SIGNALS
        .iter()
        .position(|it| *it == signal)
        .expect("we handle these only");
    // SAFETY: written before the handler was installed.
    let previous = unsafe { (*PREVIOUS.0.get())[index].assume_init_ref() };
    // SAFETY: the kernel's.
    let sent = was_sent(unsafe { &*info });
    match previous.sa_sigaction {
        libc::SIG_IGN if sent => {}
        // The system does not let a fault be ignored either.
        libc::SIG_IGN | libc::SIG_DFL => {
            // SAFETY: with the default action back, the instruction faults again on return and the process ends as it would
            // have. A signal that was sent, not raised, is raised again.
            unsafe {
                let mut default: libc::sigaction = std::mem::zeroed();
                default.sa_sigaction = libc::SIG_DFL;
                libc::sigaction(signal, &default, ptr::null_mut());
                if sent {
                    libc::raise(signal);
                }
            }
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: with SA_SIGINFO it is a function of this type.
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut libc::c_void) =
                unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without SA_SIGINFO it is a function of this type.
            let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}
