//! A function of the host that panics in a thread of WASI's ends the thread as an error does: whoever waits for it can be told.

use dwalin_runtime::{Engine, Error, Linker, Module, Store, WasiThreads};
use std::sync::mpsc;
use std::time::Duration;

const PROGRAM: &str = r#"(module
    (import "env" "memory" (memory 1 1 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "host" "panic" (func $panic))
    (func (export "wasi_thread_start") (param i32 i32) (call $panic))
    (func (export "_start") (drop (call $spawn (i32.const 0)))))"#;

#[test]
fn a_panic_of_a_host_function_ends_its_thread_as_an_error() {
    let engine = Engine::default();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let (tell, told) = mpsc::channel();
    let ended = move |_: Store<()>, number: u32, error: Error| {
        tell.send((number, error.to_string())).unwrap();
    };
    let threads = WasiThreads::new(&module, |_: &mut ()| (), ended);
    let mut linker = Linker::new(&engine);
    threads.add_to_linker(&mut linker).unwrap();
    linker
        .func_wrap("host", "panic", || -> () { panic!("no such thing") })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = threads
        .link(linker)
        .instantiate(&mut store, &module)
        .unwrap();
    let start = instance
        .get_typed_func::<(), ()>(&mut store, "_start")
        .unwrap();
    start.call(&mut store, ()).unwrap();
    let (number, error) = told.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(number, 1);
    assert!(
        error.contains("thread 1: a function of the host panicked: no such thing"),
        "{error}"
    );
}
