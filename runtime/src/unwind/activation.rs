//! One entry into guest code, from the host's call to its return. Activations are on the host's stack, linked from the
//! innermost out, and the thread knows the innermost.

use super::frames::Frames;
use crate::abi::layout::{FIRST_TICK, VmContextHead, VmStoreContext};
use crate::abi::trap::TrapKind;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;

thread_local! {
    // Without a destructor and with a constant first value: a signal handler may read it.
    static INNERMOST: Cell<*const Activation> = const { Cell::new(ptr::null()) };
}

/// The host's frame that waits for guest code. [`super::enter::enter_guest`] writes the first two fields.
#[repr(C)]
pub struct Activation {
    /// Frame pointer of the frame that entered: walks end there, and it is restored when guest code is left by a trap.
    pub entry_fp: Cell<u64>,
    /// The address to continue at after a trap.
    pub resume: Cell<u64>,
    /// The next activation outwards.
    pub outer: *const Activation,
    /// The point at which the guest of the next activation outwards called the host: frame pointer and return address; 0 without one.
    pub outer_exit: (u64, u64),
    /// The store entered: host functions and builtins reach it through this pointer alone, which comes from the borrow that
    /// entered, so that they use what that borrow lends them.
    store: *mut c_void,
    /// The part of the store that its code sees.
    context: *mut VmStoreContext,
    /// The fields of the store's context that are restored afterwards: stack limit, caller and exit.
    saved: Saved,
    /// Why guest code was left by a signal.
    pub trap: Cell<Option<Fault>>,
    /// The address at which the handler makes the thread continue after a trap, to read the frames while they are there; 0 for straight on.
    pub capture: Cell<usize>,
    /// The lowest address of the thread's stack, where it is known.
    pub stack_end: usize,
    /// The stack pointer's lowest value for guest code.
    pub stack_limit: Cell<u64>,
    /// The values that were read of the frames.
    pub collected: Cell<Option<Box<dyn Any>>>,
    /// The frames at the trap. Written by the signal handler, in which nothing can be allocated.
    pub frames: RefCell<Frames>,
}

#[derive(Clone, Copy)]
struct Saved {
    stack_limit: u64,
    caller: *mut VmContextHead,
    exit: (u64, u64),
}

/// The fault that the signal handler found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Why.
    pub kind: TrapKind,
    /// The instruction.
    pub pc: usize,
    /// The accessed address, where a memory access faulted.
    pub address: Option<usize>,
}

/// The function at which a thread continues after a trap, on the guest's stack below its frames.
pub type Capture = unsafe extern "C" fn(*const Activation) -> !;

impl Activation {
    /// A new activation for entering a store, inside this thread's innermost.
    ///
    /// # Safety
    /// `store` must be borrowed mutably, and not used but through the pointer, for as long as the activation is entered; `context`
    /// must be that part of it which its code sees.
    pub unsafe fn new(
        store: *mut c_void,
        context: *mut VmStoreContext,
        capture: Option<Capture>,
        stack_end: usize,
    ) -> Activation {
        let outer = innermost();
        // SAFETY: an activation is unlinked before it is gone, and its store outlives it.
        let outer_exit = match unsafe { outer.as_ref() } {
            // SAFETY: as above; the reads are of plain numbers.
            Some(outer) => unsafe {
                ((*outer.context).last_exit_fp, (*outer.context).last_exit_pc)
            },
            None => (0, 0),
        };
        // SAFETY: the caller's store context is alive: it is borrowed for the call.
        let saved = unsafe {
            Saved {
                stack_limit: (*context).stack_limit,
                caller: (*context).caller,
                exit: ((*context).last_exit_fp, (*context).last_exit_pc),
            }
        };
        Activation {
            entry_fp: Cell::new(0),
            resume: Cell::new(0),
            outer,
            outer_exit,
            store,
            context,
            saved,
            trap: Cell::new(None),
            capture: Cell::new(capture.map_or(0, |capture| capture as *const () as usize)),
            stack_end,
            stack_limit: Cell::new(0),
            collected: Cell::new(None),
            frames: RefCell::new(Frames::default()),
        }
    }

    /// Stores the ticks that guest code had in the pinned register, if it had them there.
    pub fn note_ticks(&self, pinned: u64) {
        if pinned >= FIRST_TICK {
            // SAFETY: the store outlives the activation, and its guest code, which alone uses the field meanwhile, is stopped.
            unsafe { (*self.context).ticks = pinned };
        }
    }

    /// Runs `call` with this as the thread's innermost activation and `stack_limit` in force.
    pub fn during<R>(&self, stack_limit: u64, call: impl FnOnce() -> R) -> R {
        struct Restore<'a>(&'a Activation);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                INNERMOST.set(self.0.outer);
                let Saved {
                    stack_limit,
                    caller,
                    exit,
                } = self.0.saved;
                // SAFETY: the store context is alive, see `new`.
                unsafe {
                    (*self.0.context).stack_limit = stack_limit;
                    (*self.0.context).caller = caller;
                    (
                        (*self.0.context).last_exit_fp,
                        (*self.0.context).last_exit_pc,
                    ) = exit;
                }
            }
        }
        // SAFETY: the store context is alive, see `new`.
        unsafe { (*self.context).stack_limit = stack_limit };
        self.stack_limit.set(stack_limit);
        INNERMOST.set(self);
        let _restore = Restore(self);
        call()
    }

    /// The store that was entered.
    pub fn store(&self) -> *mut c_void {
        self.store
    }

    /// The point at which the guest of this activation called the host: frame pointer and return address.
    pub fn exit(&self) -> (u64, u64) {
        // SAFETY: the store context is alive, see `new`.
        unsafe { ((*self.context).last_exit_fp, (*self.context).last_exit_pc) }
    }
}

/// This thread's innermost activation; null outside guests.
pub fn innermost() -> *const Activation {
    INNERMOST.get()
}
