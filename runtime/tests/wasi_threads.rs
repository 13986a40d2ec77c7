//! Threads of WASI, as embedders see them: how they end where a function of the host panics, and where they are.

use dwalin_runtime::{
    Engine, Error, Linker, Module, OtherThread, Store, WasiThreads, other_threads,
};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Each thread that is started calls the host, and then waits in the memory.
const PROGRAM: &str = r#"(module
    (import "env" "memory" (memory 1 1 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "host" "call" (func $call (param i32)))
    (func $wait_there (param $at i32) local.get $at i32.const 0 i64.const -1 memory.atomic.wait32 drop)
    (func $work (export "wasi_thread_start") (param $number i32) (param i32)
      (call $call (local.get $number))
      (call $wait_there (i32.const 8)))
    (func (export "_start") (drop (call $spawn (i32.const 0)))))"#;

/// A program that runs.
struct Running {
    store: Store<()>,
    /// The numbers of threads that ended with errors, and the errors.
    ended: Receiver<(u32, String)>,
}

/// Runs the program with this function of the host.
fn run(call: impl Fn(i32) + Send + Sync + 'static) -> Running {
    let engine = Engine::default();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let (tell, ended) = mpsc::channel();
    let end = move |store: Store<()>, number: u32, error: Error| {
        drop(store);
        tell.send((number, error.to_string())).unwrap();
    };
    let threads = WasiThreads::new(&module, |_: &mut ()| (), end);
    let mut linker = Linker::new(&engine);
    threads.add_to_linker(&mut linker).unwrap();
    linker.func_wrap("host", "call", call).unwrap();
    let mut store = Store::new(&engine, ());
    let linker = threads.link(linker);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
    start.unwrap().call(&mut store, ()).unwrap();
    Running { store, ended }
}

#[test]
fn a_panic_of_a_host_function_ends_its_thread_as_an_error() {
    let running = run(|_| panic!("no such thing"));
    let (number, error) = running.ended.recv_timeout(PATIENCE).unwrap();
    assert_eq!(number, 1);
    assert!(
        error.contains("thread 1: a function of the host panicked: no such thing"),
        "{error}"
    );
}

/// The names of a thread's functions, innermost first.
fn functions(thread: &OtherThread) -> Vec<String> {
    let frames = thread.backtrace.frames().iter();
    frames.map(|frame| frame.func_name.clone()).collect()
}

/// A function of the host that tells when it was called and returns when it is told to.
fn meeting() -> (
    impl Fn(i32) + Send + Sync + 'static,
    Receiver<i32>,
    Sender<()>,
) {
    let (called, calls) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let call = move |number| {
        called.send(number).unwrap();
        // The sender is dropped where the test failed.
        let _ = may_go_on.lock().unwrap().recv();
    };
    (call, calls, go_on)
}

#[test]
fn threads_are_asked_where_they_are_in_the_host_and_in_waits() {
    let (call, calls, go_on) = meeting();
    let running = run(call);
    assert_eq!(calls.recv_timeout(PATIENCE), Ok(1));
    let others = other_threads(&running.store);
    assert_eq!(others.len(), 1, "{others:?}");
    assert_eq!(others[0].number, 1);
    let names = functions(&others[0]);
    assert_eq!(names, ["host::call", "work"]);
    go_on.send(()).unwrap();
    let begin = Instant::now();
    loop {
        let names = functions(&other_threads(&running.store)[0]);
        if names == ["wait_there", "work"] {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "it never waits: {names:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn threads_of_another_program_are_not_its_threads() {
    let first = meeting();
    let second = meeting();
    let counts = (first.1, second.1);
    let first_runs = run(first.0);
    assert_eq!(counts.0.recv_timeout(PATIENCE), Ok(1));
    assert_eq!(other_threads(&first_runs.store).len(), 1);
    let second_runs = run(second.0);
    assert_eq!(counts.1.recv_timeout(PATIENCE), Ok(1));
    // This thread was the first program's first one, and is the second's now.
    assert_eq!(other_threads(&second_runs.store).len(), 1);
    assert_eq!(other_threads(&first_runs.store).len(), 1);
    let none = Store::new(first_runs.store.engine(), ());
    assert!(other_threads(&none).is_empty());
    drop((first.2, second.2));
}
