//! Throwing: control goes to the guest's handler, if there is one (`unwind/exception.rs`). An exception that no guest handles comes back
//! to the instruction that threw it, which traps, and all frames are as they were. An exception leaves a host function as an error,
//! and is thrown anew where that returns.

use super::running::running;
use crate::abi::layout::VmContextHead;
use crate::code::PlacedCode;
use crate::error::Error;
use crate::report::backtrace::WasmBacktrace;
use crate::report::trap::Trap;
use crate::unwind::activation::Activation;
use crate::unwind::exception::{self, CodeAt, Found, Registers, entries};
use crate::unwind::frames::{FramePc, Frames, caller};
use crate::vm::handle::Tag;
use crate::vm::instance::InstanceData;
use crate::vm::store::{Raised, StoreCore};

entries! {
    /// What `Builtin::Throw` calls.
    enter_throw => throw;
    /// What `Builtin::ThrowRef` calls.
    enter_throw_ref => throw_ref;
    /// What `Builtin::Raise` calls.
    enter_raise => raise;
}

unsafe extern "C" fn throw(
    context: *mut VmContextHead,
    tag: u32,
    values: *const u128,
    registers: *mut Registers,
) -> u32 {
    // SAFETY: guest code runs, so there is an activation, and its store is borrowed by the call that entered.
    let (activation, store) = unsafe { running() };
    // SAFETY: code passes its own context, which is an instance's.
    let instance = unsafe { &*(*context).instance.cast::<InstanceData>() };
    let tag = instance.tags[tag as usize];
    let count = store.tag_type(tag).params().len();
    // SAFETY: code stored as many values as the tag has.
    let values = unsafe { std::slice::from_raw_parts(values, count) }.into();
    // SAFETY: the registers are in a frame of this thread's stack, below the guests'; the values are above them, in the guest's frame.
    unsafe { drop_unheld_if_full(store, registers, activation) };
    let handle = store.exceptions.add(tag, values);
    // SAFETY: the entry above us stored the guest's registers.
    unsafe { send(store, activation, handle, &mut *registers) }
}

unsafe extern "C" fn throw_ref(
    _context: *mut VmContextHead,
    handle: u64,
    _: usize,
    registers: *mut Registers,
) -> u32 {
    // SAFETY: as in `throw`.
    unsafe {
        let (activation, store) = running();
        send(store, activation, handle, &mut *registers)
    }
}

/// Leaves guest code for the error that a host function left with its store, or goes to the handler if the error is an exception.
unsafe extern "C" fn raise(
    _context: *mut VmContextHead,
    _: usize,
    _: usize,
    registers: *mut Registers,
) -> u32 {
    // SAFETY: as in `throw`.
    let (activation, store) = unsafe { running() };
    let id = store.id();
    // SAFETY: the registers are in a frame of this thread's stack, below the guests'; the error holds what it throws.
    unsafe { drop_unheld_if_full(store, registers, activation) };
    if let Some(Raised::Error(Error::Trap(trap))) = &store.raised
        && let Some(handle) = trap.exception().and_then(|it| it.handle_in(id))
    {
        // SAFETY: as in `throw`.
        let found = unsafe { search(store, activation, handle, &mut *registers) };
        // SAFETY: as in `throw`.
        if unsafe { goes_there(store, activation, handle, found) } {
            store.raised = None;
            // The host was left without a return to its trampoline.
            store.vm.last_exit_fp = 0;
            return 1;
        }
        // Thrown by the host function itself, and nobody looked at the frames yet.
        let is_new = trap.backtrace().frames().is_empty();
        let backtrace = is_new.then(|| WasmBacktrace::of_host_function(store));
        if let (Some(backtrace), Some(Raised::Error(Error::Trap(trap)))) =
            (backtrace, &mut store.raised)
        {
            trap.set_backtrace(backtrace);
        }
    }
    // SAFETY: the activation's frame waits, and nothing is left to drop in between.
    unsafe { activation.leave() }
}

/// Sends an exception to its handler. Returns 0 where no guest has one: the instruction that throws is to trap.
///
/// # Safety
/// The registers are those of the guest that called the runtime.
unsafe fn send(
    store: &mut StoreCore,
    activation: &Activation,
    handle: u64,
    registers: &mut Registers,
) -> u32 {
    let fp = registers.fp;
    // SAFETY: the caller's promise.
    let found = unsafe { search(store, activation, handle, registers) };
    // SAFETY: the frames of outer activations wait.
    if unsafe { goes_there(store, activation, handle, found) } {
        return 1;
    }
    store.exceptions.uncaught = store.thrown(handle);
    // SAFETY: the frames of outer activations wait.
    if !unsafe { is_handled_elsewhere(store, activation, handle) } {
        return 0;
    }
    let Some(thrown) = store.exceptions.uncaught.take() else {
        return 0;
    };
    let mut frames = Frames::default();
    // The trampoline's frame is not the guest's.
    // SAFETY: the trampoline's frame pointer points to the guest's, with the return address above.
    unsafe {
        let (fp, pc) = caller(fp);
        frames.walk_from(FramePc::Return(pc as usize), fp, activation);
    }
    let trap = Trap::of_passing(thrown, store, &frames);
    store.raised = Some(Raised::Error(Error::Trap(Box::new(trap))));
    // SAFETY: the activation's frame waits, and nothing is left to drop in between.
    unsafe { activation.leave() }
}

/// Returns true if control is to go to the handlers that were found. Cleanups are left out where they are all that there is, and an
/// exception that nobody handles ends the program.
///
/// # Safety
/// Outer activations wait.
unsafe fn goes_there(
    store: &StoreCore,
    activation: &Activation,
    handle: u64,
    found: Found,
) -> bool {
    let ends = store.engine().config().ends_on_uncaught_exceptions();
    match found {
        Found::Handler => true,
        // SAFETY: the caller's promise.
        Found::Cleanup => !ends || unsafe { is_handled_elsewhere(store, activation, handle) },
        Found::Nothing => false,
    }
}

/// Finds the handlers of an exception among the guests of an activation, and makes the registers those of the first one's frame.
///
/// # Safety
/// The registers are those of the guest that called the runtime.
unsafe fn search(
    store: &StoreCore,
    activation: &Activation,
    handle: u64,
    registers: &mut Registers,
) -> Found {
    let Some((tag, values)) = store.exceptions.get(handle) else {
        return Found::Nothing;
    };
    registers.payload = [handle, values as u64];
    let takes = |context, index| is_tag(context, index, tag);
    // SAFETY: the caller's promise.
    unsafe { exception::land(activation, registers, code_of(store), takes) }
}

/// Returns true if a guest that waits for the host, which entered this activation's, may handle an exception.
///
/// # Safety
/// Outer activations wait.
unsafe fn is_handled_elsewhere(store: &StoreCore, activation: &Activation, handle: u64) -> bool {
    let Some((tag, _)) = store.exceptions.get(handle) else {
        return false;
    };
    let takes = |context, index| is_tag(context, index, tag);
    // SAFETY: the caller's promise.
    unsafe { exception::is_handled_outside(activation, code_of(store), takes) }
}

/// Returns true if a tag is the one with this index of the instance with this context; of one that is not known, it may be.
fn is_tag(context: Option<*const VmContextHead>, index: u32, tag: Tag) -> bool {
    context.is_none_or(|context| {
        // SAFETY: a context points to its instance, which lives as long as the store.
        let instance = unsafe { &*(*context).instance.cast::<InstanceData>() };
        instance.tags[index as usize] == tag
    })
}

/// Finds a store's code by return addresses; mostly it is the same as before.
fn code_of<'a>(store: &'a StoreCore) -> impl FnMut(u64) -> Option<CodeAt<'a>> {
    let mut last: Option<&PlacedCode> = None;
    move |pc| {
        // The call is before: the piece may end with it.
        let at = |code: &PlacedCode| code.piece_at((pc as usize).checked_sub(1)?);
        let found = last.and_then(|code| Some((code, at(code)?)));
        let (code, (piece, offset)) = found.or_else(|| {
            let mut all = store.instances.iter().map(|instance| &*instance.code);
            all.find_map(|code| Some((code, at(code)?)))
        })?;
        last = Some(code);
        Some((code, piece, offset + 1))
    }
}

/// Drops the exceptions that nobody holds, if there are many. The registers are the lowest of what guests and host have on the stack.
///
/// # Safety
/// The thread is below the frames of all its activations, and below the registers.
unsafe fn drop_unheld_if_full(
    store: &mut StoreCore,
    registers: *const Registers,
    activation: &Activation,
) {
    if !store.exceptions.is_full() {
        return;
    }
    // SAFETY: the caller's promise.
    let on_stack = unsafe { exception::stack_words(activation, registers) };
    let mut exceptions = std::mem::take(&mut store.exceptions);
    exceptions.retain(on_stack.chain(store.exception_roots()));
    store.exceptions = exceptions;
}

#[cfg(test)]
mod tests {
    use crate::vm::context::AsContext;
    use crate::vm::handle::Tag;
    use crate::{Caller, Engine, Error, Func, Instance, Module, Store, Val};

    #[test]
    fn exceptions_that_were_handled_are_dropped() {
        let wat = r#"(module
        (import "" "throw" (func $host (param i32)))
        (tag $t (export "t") (param i32 i64 i64 i64))
        (func $throw (param i32)
            (throw $t (local.get 0) (i64.const 1) (i64.const 2) (i64.const 3)))
        (func $catch (param i32) (result i32) (local $sum i32) (local $kind i32)
            (local.set $kind (i32.and (local.get 0) (i32.const 1)))
            (loop $l
                (block $h (result i32 i64 i64 i64)
                    (try_table (catch $t $h)
                        (if (local.get $kind)
                            (then (call $host (local.get 0)))
                            (else (call $throw (local.get 0)))))
                    (unreachable))
                (drop) (drop) (drop)
                (local.set $sum (i32.add (local.get $sum)))
                (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 2))) (i32.const 0))))
            (local.get $sum))
        (export "catch" (func $catch)))"#;
        let engine = Engine::default();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, None::<Tag>);
        let throw = Func::wrap(
            &mut store,
            |mut caller: Caller<'_, Option<Tag>>, n: i32| -> Result<(), Error> {
                let tag = caller.data().expect("set below");
                let values = [n.into(), Val::I64(1), Val::I64(2), Val::I64(3)];
                tag.throw(&mut caller, &values)
            },
        );
        let instance = Instance::new(&mut store, &module, &[throw.into()]).unwrap();
        *store.data_mut() = instance.get_tag(&mut store, "t");
        let catch = instance
            .get_typed_func::<i32, i32>(&mut store, "catch")
            .unwrap();
        // Even numbers are thrown by the guest, odd ones by the host.
        assert_eq!(catch.call(&mut store, 1000).unwrap(), 250_500);
        assert_eq!(catch.call(&mut store, 999).unwrap(), 250_000);
        catch.call(&mut store, 50_000).unwrap();
        catch.call(&mut store, 9_999).unwrap();
        assert!(store.core().exceptions.count() <= 1024);
    }
}
