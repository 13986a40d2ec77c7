//! Functions that the host can call: a module's, through its trampoline and [`enter_guest`]; the host's own, directly.

use super::context::{AsContext, AsContextMut};
use super::store::{Raised, StoreCore};
use super::value::Val;
use crate::abi::layout::{VmContextHead, VmFuncRef, VmHostContext};
use crate::abi::trap::TrapKind;
use crate::error::{Error, Result};
use crate::host::Caller;
use crate::module::types::FuncType;
use crate::postmortem::collect;
use crate::report::backtrace::WasmBacktrace;
use crate::report::trap::Trap;
use crate::unwind::activation::{Activation, Landing, innermost};
use crate::unwind::enter::enter_guest;
use crate::unwind::signal;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

/// A function of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Func {
    store: u64,
    reference: *mut VmFuncRef,
}

// SAFETY: the reference is followed only with the store that it belongs to at hand, which methods check.
unsafe impl Send for Func {}
// SAFETY: as above.
unsafe impl Sync for Func {}

/// The body of a host function, with the store's data type erased: arguments become results in the slots.
pub(crate) type HostCall =
    Box<dyn Fn(*mut StoreCore, *mut VmContextHead, &mut [u128]) -> Result<()> + Send + Sync>;

/// A host function of a store.
pub struct HostFunc {
    context: VmHostContext,
    pub(crate) reference: VmFuncRef,
    ty: FuncType,
    call: HostCall,
}

impl HostFunc {
    /// The function that code calls through the `wasm_to_array` trampoline.
    extern "C" fn enter(
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
        let result = panic::catch_unwind(AssertUnwindSafe(|| (func.call)(store, caller, slots)));
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

    fn slot_count(&self) -> usize {
        self.ty.params().len().max(self.ty.results().len()).max(1)
    }
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
        };
        let code = self.trampoline(type_id);
        let mut func = Box::new(HostFunc {
            context: VmHostContext {
                head,
                call: HostFunc::enter,
                data: ptr::null_mut(),
            },
            reference: VmFuncRef {
                code,
                array_to_wasm: ptr::null(),
                context: ptr::null_mut(),
                type_id,
            },
            ty,
            call,
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
    pub(crate) fn from_reference(reference: *mut VmFuncRef, store: u64) -> Option<Func> {
        (!reference.is_null()).then_some(Func { store, reference })
    }

    /// The pointer that guests hold.
    pub(crate) fn reference(&self, store: &StoreCore) -> Result<*mut VmFuncRef> {
        if self.store != store.id() {
            return Err(Error::Type(
                "the function belongs to another store".to_owned(),
            ));
        }
        Ok(self.reference)
    }

    /// A host function of any type: it gets its arguments, and the results to fill in.
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        call: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        store
            .core_mut()
            .new_host_func(ty.clone(), untyped(ty, call))
    }

    /// A host function of the type of a closure, which may take a [`Caller`] first.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl crate::host::IntoFunc<T, Params, Results>,
    ) -> Func {
        let (ty, call) = func.into_host_call();
        store.core_mut().new_host_func(ty, call)
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        let core = store.core();
        core.check_owner(self.store);
        core.type_of(self.reference)
    }

    /// Calls it.
    ///
    /// # Errors
    /// Arguments or results of other types, and whatever ends the call: a trap, an exit, an error of a host function.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let core = store.core_mut();
        core.check_owner(self.store);
        let ty = core.type_of(self.reference);
        if params.len() != ty.params().len()
            || params
                .iter()
                .zip(ty.params())
                .any(|(value, ty)| value.ty() != *ty)
        {
            let given: Vec<_> = params.iter().map(|value| value.ty().to_string()).collect();
            return Err(Error::Type(format!(
                "a function of type {ty} was called with ({})",
                given.join(", ")
            )));
        }
        if results.len() != ty.results().len() {
            return Err(Error::Type(format!(
                "a function of type {ty} was asked for {} results",
                results.len()
            )));
        }
        let mut slots = vec![0u128; params.len().max(results.len()).max(1)];
        for (slot, value) in slots.iter_mut().zip(params) {
            *slot = value.to_slot(core)?;
        }
        // SAFETY: the slots hold arguments of the function's type.
        unsafe { core.call(self.reference, &mut slots)? };
        for ((result, slot), ty) in results.iter_mut().zip(&slots).zip(ty.results()) {
            // SAFETY: the function wrote results of its type.
            *result = unsafe { Val::from_slot(*slot, *ty, core) };
        }
        Ok(())
    }

    /// The function with its type checked once, for calls with Rust's own values.
    ///
    /// # Errors
    /// Where the function is of another type.
    pub fn typed<Params, Results>(
        &self,
        store: impl AsContext,
    ) -> Result<crate::host::TypedFunc<Params, Results>>
    where
        Params: crate::host::WasmParams,
        Results: crate::host::WasmResults,
    {
        crate::host::TypedFunc::new(*self, &self.ty(store))
    }

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

/// A host function over values → one over slots.
pub(crate) fn untyped<T: 'static>(
    ty: FuncType,
    call: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
) -> HostCall {
    Box::new(move |store, caller, slots| {
        // SAFETY: the store is that of the running guest, and the guest's arguments are of the function's type.
        let load = |(slot, ty): (&u128, &_)| unsafe { Val::from_slot(*slot, *ty, &*store) };
        let params: Vec<Val> = slots.iter().zip(ty.params()).map(load).collect();
        // SAFETY: as above; see `Caller::new`.
        let caller = unsafe { Caller::<T>::new(store, caller) };
        let mut results: Vec<Val> = ty
            .results()
            .iter()
            .map(|ty| Val::default_for(*ty))
            .collect();
        call(caller, &params, &mut results)?;
        for ((slot, value), expected) in slots.iter_mut().zip(results).zip(ty.results()) {
            if value.ty() != *expected {
                return Err(Error::Type(format!(
                    "a host function of type {ty} returned a value of type {}",
                    value.ty()
                )));
            }
            // SAFETY: as above; the caller is gone.
            *slot = value.to_slot(unsafe { &*store })?;
        }
        Ok(())
    })
}

impl StoreCore {
    pub(crate) fn type_of(&self, reference: *mut VmFuncRef) -> FuncType {
        // SAFETY: references live as long as the store.
        let (context, id) = unsafe { ((*reference).context, (*reference).type_id) };
        // SAFETY: a reference's context is alive.
        match unsafe { (*context).instance.is_null() } {
            // SAFETY: without an instance it is a host function's.
            true => unsafe {
                (*(*context.cast::<VmHostContext>()).data.cast::<HostFunc>())
                    .ty
                    .clone()
            },
            false => {
                // SAFETY: the context's instance is alive.
                let module = unsafe {
                    &(*(*context).instance.cast::<super::instance::InstanceData>()).module
                };
                let index = module
                    .type_ids()
                    .iter()
                    .position(|it| *it == id)
                    .expect("a function's type is its module's");
                module
                    .info()
                    .types
                    .values()
                    .nth(index)
                    .cloned()
                    .expect("as many types as ids")
            }
        }
    }

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
            (host.call)(self, ptr::null_mut(), &mut own)?;
            let len = slots.len();
            slots.copy_from_slice(&own[..len]);
            return Ok(());
        }
        signal::prepare_thread();
        let limit = stack_limit(self.engine().config().wasm_stack()).max(self.outer_limit());
        // Only with homes is there more to read of a frame than where it is.
        let landing = self.reads_frames.then_some(collect::land as Landing);
        let stack_end = thread_stack().unwrap_or(usize::MAX / 2);
        let core: *mut StoreCore = self;
        // SAFETY: `self` is borrowed for the call, and until the guest has been left only `core` is used.
        let activation = unsafe {
            let context = &raw mut *(*core).vm;
            Activation::new(core.cast(), context, landing, stack_end)
        };
        let left = activation.during(limit, || {
            // SAFETY: the reference says which trampoline and context belong to the code; the slots are the caller's promise.
            unsafe {
                enter_guest(
                    &activation,
                    func.context,
                    func.code,
                    slots.as_mut_ptr(),
                    func.array_to_wasm,
                )
            }
        });
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
                trap.set_exception(exception);
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
