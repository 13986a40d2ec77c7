//! Calls from the host into guests, by way of their trampolines and [`enter_guest`], and from guests into the host.

use super::recorded;
use crate::abi::layout::{VmContextHead, VmFuncRef, VmHostContext};
use crate::abi::trap::TrapKind;
use crate::error::{Error, Result};
use crate::module::types::FuncType;
use crate::postmortem::collect;
use crate::report::backtrace::WasmBacktrace;
use crate::report::trap::Trap;
use crate::unwind::activation::{Activation, Capture, innermost};
use crate::unwind::enter::enter_guest;
use crate::unwind::signal;
use crate::vm::context::AsContextMut;
use crate::vm::handle::Func;
use crate::vm::store::{HostCall, HostFunc, Raised, StoreCore};
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

/// The function that code calls through the `wasm_to_array` trampoline.
extern "C" fn enter_host(
    context: *mut VmHostContext,
    caller: *mut VmContextHead,
    slots: *mut u128,
) -> u32 {
    // SAFETY: a host context's data is its HostFunc, which lives as long as the store.
    let func = unsafe { &*(*context).data.cast::<HostFunc>() };
    let count = func.slot_count();
    // SAFETY: the trampoline gives as many slots as the type needs.
    let slots = unsafe { std::slice::from_raw_parts_mut(slots, count) };
    // SAFETY: guest code calls us, so there is an activation, which is alive while it is linked.
    let store: *mut StoreCore = unsafe { (*innermost()).store().cast() };
    // SAFETY: the store is borrowed by the call that entered the guest, which waits.
    let is_recorded = unsafe { (*store).session.is_some() };
    let result = panic::catch_unwind(AssertUnwindSafe(|| match is_recorded {
        // SAFETY: as above; nobody else uses the store meanwhile.
        true => unsafe { recorded::call(func, store, caller, slots) },
        false => (func.call)(store, caller, slots),
    }));
    let raised = match result {
        Ok(Ok(())) => return 0,
        Ok(Err(error)) => {
            // SAFETY: as below; the guests that called us wait.
            let capture = || WasmBacktrace::of_host_function(unsafe { &*store });
            Raised::Error(error.in_host_function(capture))
        }
        Err(payload) => Raised::Panic(payload),
    };
    // SAFETY: the store is borrowed by the call that entered the guest, which waits, and what we called is done with it.
    unsafe { (*store).raised = Some(raised) };
    1
}

impl StoreCore {
    /// Adds a host function.
    pub(crate) fn new_host_func(&mut self, ty: FuncType, call: HostCall) -> Func {
        let type_id = self.engine().type_id(&ty);
        let head = VmContextHead {
            store: &raw mut *self.vm,
            builtins: ptr::null(),
            type_ids: ptr::null(),
            instance: ptr::null_mut(),
            supertypes: ptr::null(),
        };
        let code = self.trampoline(type_id);
        let mut func = Box::new(HostFunc {
            context: VmHostContext {
                head,
                call: enter_host,
                data: ptr::null_mut(),
            },
            reference: VmFuncRef {
                code,
                array_to_wasm: ptr::null(),
                context: ptr::null_mut(),
                type_id,
                is_tail: 0,
            },
            ty,
            call,
            import: None,
        });
        func.context.data = (&raw mut *func).cast();
        func.reference.context = (&raw mut func.context).cast();
        let reference = &raw mut func.reference;
        self.host_funcs.push(func);
        Func {
            store: self.id(),
            reference,
        }
    }
}

impl Func {
    /// Calls with arguments and results in slots.
    ///
    /// # Safety
    /// The slots must be those of the function's type.
    pub(crate) unsafe fn call_slots(
        &self,
        mut store: impl AsContextMut,
        slots: &mut [u128],
    ) -> Result<()> {
        let core = store.core_mut();
        core.check_owner(self.store);
        // SAFETY: the caller's promise.
        unsafe { core.call(self.reference, slots) }
    }
}

impl StoreCore {
    /// Calls a function; arguments and results are in slots.
    ///
    /// # Safety
    /// The slots must be those of the function's type, and the reference one of this store.
    pub(crate) unsafe fn call(
        &mut self,
        reference: *mut VmFuncRef,
        slots: &mut [u128],
    ) -> Result<()> {
        // SAFETY: references live as long as the store.
        let func = unsafe { &*reference };
        if func.array_to_wasm.is_null() {
            // SAFETY: without the trampoline it is a host function's.
            let host = unsafe {
                &*(*func.context.cast::<VmHostContext>())
                    .data
                    .cast::<HostFunc>()
            };
            let mut own = slots.to_vec();
            own.resize(host.slot_count(), 0);
            if self.session.is_some() && host.import.is_some() {
                // SAFETY: `self` is borrowed for the call, and nobody else uses it.
                unsafe { recorded::call(host, self, ptr::null_mut(), &mut own)? };
            } else {
                (host.call)(self, ptr::null_mut(), &mut own)?;
            }
            let len = slots.len();
            slots.copy_from_slice(&own[..len]);
            return Ok(());
        }
        signal::prepare_thread();
        let limit = stack_limit(self.engine().config().wasm_stack()).max(self.outer_limit());
        // Only with homes is there more to read of a frame than where it is.
        let capture = self.reads_frames.then_some(collect::capture as Capture);
        let stack_end = thread_stack().unwrap_or(usize::MAX / 2);
        let core: *mut StoreCore = self;
        // SAFETY: `self` is borrowed for the call, and until the guest has been left only `core` is used.
        let activation = unsafe {
            let context = &raw mut *(*core).vm;
            Activation::new(core.cast(), context, capture, stack_end)
        };
        self.entered += 1;
        let left = activation.during(limit, || {
            // SAFETY: the reference says which trampoline and context belong to the code; the slots are the caller's promise.
            unsafe {
                enter_guest(
                    &activation,
                    func.context,
                    func.code,
                    slots.as_mut_ptr(),
                    func.array_to_wasm,
                    func.is_tail,
                )
            }
        });
        self.entered -= 1;
        if left == 0 {
            Ok(())
        } else {
            Err(self.reason(&activation))
        }
    }

    /// The limit of the entry that this one is inside of; 0 for the outermost.
    fn outer_limit(&self) -> u64 {
        match self.vm.stack_limit {
            u64::MAX => 0,
            limit => limit,
        }
    }

    /// Why guest code was left; panics are continued.
    fn reason(&mut self, activation: &Activation) -> Error {
        if let Some(fault) = activation.trap.get() {
            let mut trap = Trap::of_fault(self, fault, activation);
            if fault.kind == TrapKind::UncaughtException
                && let Some(exception) = self.exceptions.uncaught.take()
            {
                trap.set_uncaught(self, exception);
            }
            let refused = self.refused.take();
            if fault.kind == TrapKind::GrowthRefused
                && let Some(error) = refused
            {
                return error.in_host_function(|| trap.backtrace().clone());
            }
            return Error::Trap(Box::new(trap));
        }
        match self.raised.take() {
            Some(Raised::Error(error)) => error,
            Some(Raised::Panic(payload)) => panic::resume_unwind(payload),
            None => unreachable!("guest code is left for a reason"),
        }
    }
}

/// Room that host functions called by guest code need on the stack: of a small stack the half.
const HOST_STACK: usize = 256 << 10;

/// The lowest address that guest code entered now may use of the stack.
fn stack_limit(max: usize) -> u64 {
    let here = ptr::from_ref(&max) as usize;
    let room = thread_stack().map_or(here, |lowest| here.saturating_sub(lowest));
    let guests = room - HOST_STACK.min(room / 2);
    here.saturating_sub(max.min(guests)) as u64
}

/// The lowest address of this thread's stack.
fn thread_stack() -> Option<usize> {
    thread_local!(static LOWEST: std::cell::OnceCell<Option<usize>> = const { std::cell::OnceCell::new() });
    LOWEST.with(|lowest| {
        *lowest.get_or_init(|| {
            let mut start = ptr::null_mut();
            let (mut size, mut guard) = (0, 0);
            // SAFETY: the attributes are initialised by the first call where it succeeds, and destroyed once.
            unsafe {
                let mut attributes = std::mem::zeroed();
                if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
                    return None;
                }
                libc::pthread_attr_getstack(&attributes, &mut start, &mut size);
                libc::pthread_attr_getguardsize(&attributes, &mut guard);
                libc::pthread_attr_destroy(&mut attributes);
            }
            Some(start as usize + guard)
        })
    })
}
