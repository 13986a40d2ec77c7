//! Reading frames while they are there: after a trap, on the guest's stack below its frames, outside the signal handler.
//!
//! ```text
//! instruction traps → handler: one look-up, walk → [capture: symbols, locals, variables, cause] → where the host entered
//! ```
//! A trap comes from an instruction of the guest's, never from within the host's own code, so that everything may be done here
//! that a host function may do.

use super::symbolize::Stopped;
use crate::abi::trap::TrapKind;
use crate::report::backtrace::WasmBacktrace;
use crate::report::cause::Cause;
use crate::report::trap::Trap;
use crate::unwind::activation::{Activation, Fault};
use crate::unwind::frames::Frames;
use crate::vm::exception::ThrownException;
use crate::vm::store::StoreCore;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

/// The values that were read at a trap.
pub struct Collected {
    /// The frames, with values.
    pub backtrace: WasmBacktrace,
    /// The known facts about its cause.
    pub cause: Option<Cause>,
}

impl Collected {
    /// Takes what [`capture`] left in an activation.
    pub fn take(activation: &Activation) -> Option<Box<Collected>> {
        activation.collected.take()?.downcast().ok()
    }
}

impl Trap {
    /// The trap of an activation that was left for it.
    pub(crate) fn of_fault(store: &StoreCore, fault: Fault, activation: &Activation) -> Trap {
        let (backtrace, cause) = match Collected::take(activation) {
            Some(collected) => (collected.backtrace, collected.cause),
            None => (
                WasmBacktrace::symbolize(store, &activation.frames.borrow(), Stopped::Gone),
                None,
            ),
        };
        let cause = cause.unwrap_or_else(|| Cause::of_fault(store, fault, activation, &backtrace));
        Trap::new(fault.kind, backtrace, cause)
    }

    /// An exception that leaves its guests for the host that entered them, with the frames at the throw.
    pub(crate) fn of_passing(
        exception: ThrownException,
        store: &StoreCore,
        frames: &Frames,
    ) -> Trap {
        let backtrace = WasmBacktrace::symbolize(store, frames, Stopped::Gone);
        let mut trap = Trap::new(TrapKind::UncaughtException, backtrace, Cause::default());
        trap.set_uncaught(store, exception);
        trap
    }
}

/// The point at which the signal handler makes a trapped thread continue.
///
/// # Safety
/// Only the handler may go here, with the innermost activation, after recording a trap and its frames in it.
pub unsafe extern "C" fn capture(activation: *const Activation) -> ! {
    // SAFETY: the caller's promise.
    let activation = unsafe { &*activation };
    let collect = || {
        // SAFETY: the store is borrowed by the call that entered, which waits, and no host function runs.
        let store = unsafe { &*activation.store().cast::<StoreCore>() };
        let frames = activation.frames.borrow();
        let fault = activation.trap.get()?;
        let backtrace = WasmBacktrace::symbolize(store, &frames, Stopped::Trapped(fault.kind));
        let cause = Cause::find(store, fault, activation, &frames, &backtrace);
        Some(Box::new(Collected { backtrace, cause }) as Box<dyn Any>)
    };
    // A report with less in it is better than none.
    let collected = panic::catch_unwind(AssertUnwindSafe(collect))
        .ok()
        .flatten();
    activation.collected.set(collected);
    // SAFETY: its frame waits; nothing is left here to drop.
    unsafe { activation.leave() }
}
