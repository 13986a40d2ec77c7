//! Signals and their owners: what is not a guest's trap goes on as it would without guests, and what is costs no memory in the
//! handler.

use dwalin_runtime::{Config, Engine, Error, Instance, Linker, Module, Store, TrapKind};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is allocated by threads that are in the handler of [`watch_the_handler`].
struct Watched;

thread_local! {
    static IN_HANDLER: Cell<bool> = const { Cell::new(false) };
}
static HANDLED: AtomicUsize = AtomicUsize::new(0);
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: as the system's, to which all is passed on.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IN_HANDLER.try_with(Cell::get).unwrap_or(false) {
            ALLOCATED.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if IN_HANDLER.try_with(Cell::get).unwrap_or(false) {
            ALLOCATED.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

const GUEST: &str = r#"(module
    (import "" "host" (func $host)) (import "" "ready" (func $ready))
    (memory 1)
    (func $deep (export "deep") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
    (func (export "load") (drop (i32.load (i32.const -4))))
    (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
    (func (export "loop") call $ready (loop br 0))
    (func (export "call") call $host))"#;

struct Guest(Store<()>, Instance);

impl Guest {
    fn new(debug_info: bool, host: impl Fn() + Send + Sync + 'static) -> Guest {
        let engine = Engine::new(Config::new().debug_info(debug_info));
        let module = Module::new(&engine, GUEST).unwrap();
        let mut linker = Linker::new(&engine);
        linker.func_wrap("", "host", host).unwrap();
        linker.func_wrap("", "ready", || println!("ready")).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Guest(store, instance)
    }

    fn call(&mut self, name: &str) -> Result<(), Error> {
        let func = self.1.get_typed_func::<(), ()>(&mut self.0, name).unwrap();
        func.call(&mut self.0, ())
    }

    fn call_with(&mut self, name: &str, argument: i32) -> Result<i32, Error> {
        let func = self
            .1
            .get_typed_func::<i32, i32>(&mut self.0, name)
            .unwrap();
        func.call(&mut self.0, argument)
    }

    fn kinds(&mut self) -> Vec<TrapKind> {
        let ends = [
            self.call("load"),
            self.call_with("divide", 0).map(drop),
            self.call_with("deep", 3).map(drop),
            self.call_with("deep", 1000).map(drop),
            self.call_with("deep", -1).map(drop),
        ];
        let kind = |end: Result<(), Error>| end.unwrap_err().trap().unwrap().kind();
        ends.map(kind).into()
    }
}

const KINDS: [TrapKind; 5] = [
    TrapKind::MemoryOutOfBounds,
    TrapKind::IntegerDivisionByZero,
    TrapKind::UnreachableCodeReached,
    TrapKind::UnreachableCodeReached,
    TrapKind::StackOverflow,
];

type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);

static BEFORE: [AtomicUsize; 32] = [const { AtomicUsize::new(0) }; 32];

/// A handler of the embedder's that came later, and passes on to who was there before.
extern "C" fn pass_on(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let before = BEFORE[signal as usize].load(Ordering::SeqCst);
    // SAFETY: what was there before is a handler of three arguments: the runtime's.
    let before: Handler = unsafe { std::mem::transmute(before) };
    IN_HANDLER.set(true);
    before(signal, info, context);
    IN_HANDLER.set(false);
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

fn watch_the_handler() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE] {
        // SAFETY: an all-zero action is valid; the handler is async-signal-safe if the one before is.
        unsafe {
            let mut before = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            libc::sigaction(signal, ptr::null(), &mut before);
            BEFORE[signal as usize].store(before.sa_sigaction, Ordering::SeqCst);
            before.sa_sigaction = pass_on as *const () as usize;
            libc::sigaction(signal, &before, ptr::null_mut());
        }
    }
}

#[test]
fn a_handler_that_came_later_passes_on_and_nothing_is_allocated_in_it() {
    const NAME: &str = "a_handler_that_came_later_passes_on_and_nothing_is_allocated_in_it";
    if is_child() {
        let mut guests = [false, true].map(|debug_info| Guest::new(debug_info, || ()));
        for guest in &mut guests {
            guest.call("load").unwrap_err();
        }
        watch_the_handler();
        for guest in &mut guests {
            assert_eq!(guest.kinds(), KINDS);
        }
        assert!(HANDLED.load(Ordering::SeqCst) >= 2 * KINDS.len());
        assert_eq!(ALLOCATED.load(Ordering::SeqCst), 0);
        return;
    }
    let (status, said) = child(NAME).finish();
    assert!(status.success(), "{said}");
}

#[test]
fn control_c_ends_a_program_that_loops() {
    if is_child() {
        // What was started in the background ignores it, and so does what that starts.
        // SAFETY: the default is no handler.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
        Guest::new(true, || ()).call("loop").unwrap();
    }
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let mut running = child("control_c_ends_a_program_that_loops");
        running.wait_for("ready");
        // SAFETY: the child is ours, and not waited for yet.
        unsafe { libc::kill(running.0.id() as i32, signal) };
        let (status, said) = running.finish();
        assert_eq!(status.signal(), Some(signal), "{status} {said}");
    }
}

#[test]
fn a_fault_in_a_thread_without_guests_ends_the_process() {
    if is_child() {
        Guest::new(true, || ()).call("load").unwrap_err();
        let thread = std::thread::spawn(|| {
            // SAFETY: none: the fault is the test.
            unsafe { ptr::without_provenance_mut::<u8>(8).write_volatile(1) }
        });
        thread.join().unwrap();
    }
    let (status, said) = child("a_fault_in_a_thread_without_guests_ends_the_process").finish();
    assert_eq!(status.signal(), Some(libc::SIGSEGV), "{status} {said}");
}

/// Without a tail call.
#[expect(unconditional_recursion, reason = "the overflow is the test")]
fn overflow(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    1 + overflow(depth + 1) + frame[3]
}

#[test]
fn a_host_function_that_overflows_the_stack_ends_as_rust_programs_do() {
    if is_child() {
        let host = || {
            std::hint::black_box(overflow(1));
        };
        let thread = std::thread::Builder::new().name("host".to_owned());
        let thread = thread.spawn(move || Guest::new(false, host).call("call"));
        thread.unwrap().join().unwrap().unwrap();
    }
    let name = "a_host_function_that_overflows_the_stack_ends_as_rust_programs_do";
    let (status, said) = child(name).finish();
    assert_eq!(status.signal(), Some(libc::SIGABRT), "{status} {said}");
    assert!(said.contains("has overflowed its stack"), "{said}");
}

fn alternate_stack() -> libc::stack_t {
    // SAFETY: it only writes what it is given.
    unsafe {
        let mut stack = MaybeUninit::<libc::stack_t>::zeroed().assume_init();
        assert_eq!(libc::sigaltstack(ptr::null(), &mut stack), 0);
        stack
    }
}

#[test]
fn alternate_stacks_are_the_embedders_where_they_are_large_enough() {
    for (size, kept) in [(128 << 10, true), (libc::MINSIGSTKSZ, false)] {
        let own = std::thread::spawn(move || {
            let mut memory = vec![0u8; size];
            let own = libc::stack_t {
                ss_sp: memory.as_mut_ptr().cast(),
                ss_flags: 0,
                ss_size: size,
            };
            // SAFETY: the memory outlives the guest's run, and no handler runs afterwards.
            assert_eq!(unsafe { libc::sigaltstack(&own, ptr::null_mut()) }, 0);
            assert_eq!(Guest::new(true, || ()).kinds(), KINDS);
            assert_eq!(ptr::eq(alternate_stack().ss_sp, own.ss_sp), kept);
        });
        own.join().unwrap();
    }
    // A thread that runs no guests has what it had.
    let before = std::thread::spawn(|| alternate_stack().ss_size)
        .join()
        .unwrap();
    assert_eq!(Guest::new(true, || ()).kinds(), KINDS);
    let behind = std::thread::spawn(|| alternate_stack().ss_size)
        .join()
        .unwrap();
    assert_eq!(before, behind);
}

#[test]
fn threads_trap_at_once_each_for_itself() {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| {
                scope.spawn(move || {
                    let mut guest = Guest::new(i % 2 == 0, || ());
                    (0..10).all(|_| guest.kinds() == KINDS)
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap());
        }
    });
}

/// Names a test to a child of [`child`].
const CHILD: &str = "DWALIN_SIGNALS_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// A test of this file, alone in a process that it may end.
struct Running(Child, BufReader<std::process::ChildStdout>);

fn child(test: &str) -> Running {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, test);
    child.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    Running(child, stdout)
}

impl Running {
    fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.1.read_line(&mut line).unwrap(), 0, "no {text}");
        }
    }

    fn finish(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.1.read_to_string(&mut said).unwrap();
        let mut stderr = self.0.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        std::io::stderr().flush().ok();
        (self.0.wait().unwrap(), said)
    }
}
