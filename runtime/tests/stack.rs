//! The stack and the process: overflow on threads large and small, very deep backtraces, and faults that are not a guest's.

use dwalin_runtime::{Caller, Engine, Error, Extern, Instance, Linker, Module, Store, TrapKind};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

/// Names a test of [`in_a_child`] to the child.
const CHILD: &str = "DWALIN_STACK_TEST_CHILD";

/// `down(n)` recurses n deep, and traps at the bottom; below 0 it never gets there.
const DEEP: &str = r#"(module
    (func $down (export "down") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
    (func (export "fine") (result i32) i32.const 1))"#;

fn deep() -> (Store<()>, Instance) {
    let engine = Engine::default();
    let module = Module::new(&engine, DEEP).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

fn overflow() {
    let (mut store, instance) = deep();
    let down = instance
        .get_typed_func::<i32, i32>(&mut store, "down")
        .unwrap();
    for _ in 0..3 {
        let error = down.call(&mut store, -1).unwrap_err();
        assert_eq!(error.trap().unwrap().kind(), TrapKind::StackOverflow);
    }
    let fine = instance
        .get_typed_func::<(), i32>(&mut store, "fine")
        .unwrap();
    assert_eq!(fine.call(&mut store, ()).unwrap(), 1);
}

#[test]
fn a_stack_that_overflows_is_a_trap_on_threads_of_any_size() {
    overflow();
    for size in [512 << 10, 2 << 20, 64 << 20] {
        let thread = std::thread::Builder::new().stack_size(size);
        thread.spawn(overflow).unwrap().join().unwrap();
    }
}

/// Code is made where the stack is large; calls need no more than their own frames and those of host functions.
#[test]
fn functions_are_called_on_small_stacks() {
    for size in [64 << 10, 128 << 10, 256 << 10] {
        let (mut store, instance) = deep();
        let call = move || {
            let down = instance.get_typed_func::<i32, i32>(&mut store, "down");
            let down = down.unwrap();
            for depth in [10, -1] {
                let error = down.call(&mut store, depth).unwrap_err();
                let kind = match depth {
                    -1 => TrapKind::StackOverflow,
                    _ => TrapKind::UnreachableCodeReached,
                };
                assert_eq!(error.trap().unwrap().kind(), kind, "{size}");
            }
            let fine = instance.get_typed_func::<(), i32>(&mut store, "fine");
            assert_eq!(fine.unwrap().call(&mut store, ()).unwrap(), 1);
        };
        let thread = std::thread::Builder::new().stack_size(size);
        thread.spawn(call).unwrap().join().unwrap();
    }
}

#[test]
fn a_stack_that_overflows_between_host_and_guest_is_a_trap() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "again" (func $again)) (func (export "run") call $again))"#,
    )
    .unwrap();
    let mut linker = Linker::new(&engine);
    let again = |mut caller: Caller<'_, ()>| -> Result<(), Error> {
        let run = caller.get_export("run").and_then(Extern::into_func);
        run.expect("it is exported").call(&mut caller, &[], &mut [])
    };
    linker.func_wrap("", "again", again).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    let error = run.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(error.trap().unwrap().kind(), TrapKind::StackOverflow);
}

#[test]
fn of_very_many_frames_both_ends_are_kept() {
    let (mut store, instance) = deep();
    let down = instance
        .get_typed_func::<i32, i32>(&mut store, "down")
        .unwrap();
    let error = down.call(&mut store, 1000).unwrap_err();
    let text = error.to_string();
    let lines: Vec<_> = text.lines().collect();
    let gap = lines
        .iter()
        .position(|line| line.contains("more frames"))
        .unwrap();
    let left_out: usize = lines[gap]
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let number = |line: &str| {
        line.trim_start()
            .split(':')
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap()
    };
    // The trampoline that entered is the outermost, and is not shown.
    assert_eq!(number(lines[gap - 1]) + left_out, 1000);
    let backtrace = error.trap().unwrap().backtrace();
    let (_, missing) = backtrace.left_out().unwrap();
    // The walk counts the trampoline too.
    assert_eq!(backtrace.frames().len() + missing, 1001);
    assert!(lines.len() < 150, "{} lines", lines.len());
}

/// Runs a test of this file again, alone in a process that it may end; tells how it ended.
fn in_a_child(test: &str) -> std::process::ExitStatus {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, test);
    child.output().unwrap().status
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Calls a host function from a guest, so that everything is installed and an activation is there.
fn from_a_guest(host: impl Fn() + Send + Sync + 'static) {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "host" (func $host)) (func (export "run") call $host))"#,
    )
    .unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "host", host).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    run.call(&mut store, &[], &mut []).unwrap();
}

#[test]
fn a_fault_of_the_host_ends_the_process() {
    if is_child() {
        // SAFETY: none: the fault is the test.
        from_a_guest(|| unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) });
    }
    let status = in_a_child("a_fault_of_the_host_ends_the_process");
    assert_eq!(status.signal(), Some(libc::SIGSEGV), "{status}");
}

#[test]
fn a_fault_that_was_ignored_ends_the_process_all_the_same() {
    if is_child() {
        // SAFETY: none but the fault: the test.
        unsafe {
            libc::signal(libc::SIGSEGV, libc::SIG_IGN);
            from_a_guest(|| std::ptr::without_provenance_mut::<u8>(8).write_volatile(1));
        }
    }
    let status = in_a_child("a_fault_that_was_ignored_ends_the_process_all_the_same");
    assert_eq!(status.signal(), Some(libc::SIGSEGV), "{status}");
}

#[test]
fn a_signal_that_was_sent_ends_the_process() {
    if is_child() {
        // SAFETY: raise touches no memory.
        from_a_guest(|| unsafe { assert_eq!(libc::raise(libc::SIGFPE), 0) });
    }
    let status = in_a_child("a_signal_that_was_sent_ends_the_process");
    assert_eq!(status.signal(), Some(libc::SIGFPE), "{status}");
}

#[test]
fn a_handler_that_was_there_gets_what_is_not_ours() {
    extern "C" fn handler(_signal: i32, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
        // SAFETY: the kernel gives it to a handler with SA_SIGINFO; _exit may be called in one.
        unsafe {
            libc::_exit(if (*info).si_addr() as usize == 8 {
                33
            } else {
                34
            })
        }
    }
    if is_child() {
        // SAFETY: an all-zero action is valid, and the handler only exits. The fault is the test.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut());
            from_a_guest(|| std::ptr::without_provenance_mut::<u8>(8).write_volatile(1));
        }
    }
    let status = in_a_child("a_handler_that_was_there_gets_what_is_not_ours");
    assert_eq!(status.code(), Some(33), "{status}");
}
