//! What an embedder gets of traps and errors: reports, frames as data, backtraces at will, in the main thread and in others.

mod golden;
mod trapping;

use dwalin_runtime::wasi::{self, WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{
    Caller, Config, Engine, Error, Extern, HostError, Linker, Memory, Module, Result, Store,
    WasmBacktrace,
};
use golden::expect;
use std::fmt;
use std::path::Path;
use trapping::compile;

/// The state of the host: WASI's, and the backtraces that it took.
struct Host {
    wasi: WasiCtx,
    seen: Vec<WasmBacktrace>,
}

#[derive(Debug, PartialEq)]
struct Refused(String, i32);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused with {}", self.0, self.1)
    }
}

impl std::error::Error for Refused {}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi).unwrap();
    let each = |mut caller: Caller<'_, Host>, count: i32| -> Result<i32> {
        let visit = caller.get_export("visit").and_then(Extern::into_func);
        let visit = visit.unwrap().typed::<i32, i32>(&caller)?;
        let mut sum = 0;
        for number in 0..count {
            sum += visit.call(&mut caller, number)?;
        }
        Ok(sum)
    };
    let look = |mut caller: Caller<'_, Host>| {
        for seen in [caller.backtrace(), caller.backtrace_with_values()] {
            caller.data_mut().seen.push(seen);
        }
    };
    let fail = |mut caller: Caller<'_, Host>, name: u32, code: i32| -> Result<i32> {
        let memory: Memory = caller
            .get_export("memory")
            .and_then(Extern::into_memory)
            .unwrap();
        let mut bytes = [0; 5];
        memory.read(&caller, name as usize, &mut bytes)?;
        let name = String::from_utf8_lossy(&bytes).into_owned();
        Err(Error::host(Refused(name, code)))
    };
    linker.func_wrap("host", "each", each).unwrap();
    linker.func_wrap("host", "look", look).unwrap();
    linker.func_wrap("host", "fail", fail).unwrap();
    linker
}

/// Calls a module's `run`: how that ends, and what the host saw.
fn run(config: &Config, wasm: &Path, wrong: i32) -> (Result<i32>, Vec<WasmBacktrace>) {
    let engine = Engine::new(config);
    let module = Module::from_file(&engine, wasm).unwrap();
    let host = Host {
        wasi: WasiCtxBuilder::new().build(),
        seen: Vec::new(),
    };
    let mut store = Store::new(&engine, host);
    let instance = linker(&engine).instantiate(&mut store, &module).unwrap();
    let run = instance
        .get_typed_func::<i32, i32>(&mut store, "run")
        .unwrap();
    let result = run.call(&mut store, wrong);
    (result, std::mem::take(&mut store.data_mut().seen))
}

fn debugged() -> Config {
    let mut config = Config::new();
    config.debug_info(true).wasm_backtrace_sources(true);
    config
}

fn error(config: &Config, wasm: &Path, wrong: i32) -> Error {
    run(config, wasm, wrong).0.unwrap_err()
}

const REACTOR: &str = "-O0-reactor";

#[test]
fn traps_behind_callbacks_of_the_host_are_told_from_any_thread() {
    let Some(wasm) = compile("report/visits.c", REACTOR, "callbacks") else {
        return;
    };
    let told = || format!("{:?}", error(&debugged(), &wasm, 0));
    expect("visits-O0-g.txt", &told()).unwrap();
    let threads: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(told)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for report in threads {
        expect("visits-O0-g.txt", &report).unwrap();
    }
}

#[test]
fn panics_behind_callbacks_of_the_host_have_their_message() {
    let Some(wasm) = compile("panic/visits.rs", REACTOR, "panics") else {
        return;
    };
    let report = format!("{:?}", error(&debugged(), &wasm, 0));
    expect("visits-rust-O0-g.txt", &report).unwrap();
}

#[test]
fn errors_of_host_functions_have_the_guests_that_called() {
    let Some(wasm) = compile("report/visits.c", REACTOR, "errors") else {
        return;
    };
    let with = error(&debugged(), &wasm, 1);
    let without = error(Config::new().wasm_backtrace_sources(true), &wasm, 1);
    assert_eq!(with.to_string(), "Gimli was refused with 42");
    assert_eq!(with.downcast_ref(), Some(&Refused("Gimli".to_owned(), 42)));
    let names = |error: &Error| -> Vec<String> {
        let frames = error.backtrace().unwrap().frames().iter();
        frames.map(|frame| frame.name()).collect()
    };
    for error in [&with, &without] {
        assert_eq!(names(error), ["host::fail", "open_account", "run"]);
    }
    expect("refused-O0-g.txt", &format!("{with:?}")).unwrap();
    expect("refused-O0.txt", &format!("{without:?}")).unwrap();
    let Error::Host(host) = with else {
        panic!("{with}")
    };
    let inner: Box<dyn std::error::Error + Send + Sync> = HostError::into_inner(*host);
    assert_eq!(inner.to_string(), "Gimli was refused with 42");
}

#[test]
fn host_functions_take_backtraces_at_will() {
    let Some(wasm) = compile("report/visits.c", REACTOR, "at-will") else {
        return;
    };
    let (_, seen) = run(&debugged(), &wasm, 0);
    let [plain, values] = &seen[..] else {
        panic!("{seen:?}")
    };
    for backtrace in [plain, values] {
        let frames = backtrace.frames().iter();
        let places: Vec<_> = frames
            .map(|frame| (frame.name(), frame.symbols.first().and_then(|it| it.line)))
            .collect();
        let name = |name: &str, line| (name.to_owned(), line);
        assert_eq!(
            places,
            [
                name("visit", Some(16)),
                name("host::each", None),
                name("run", Some(27))
            ]
        );
    }
    assert!(
        plain
            .frames()
            .iter()
            .all(|frame| frame.variables.is_empty())
    );
    let shown = |frame: usize| -> Vec<_> {
        let variables = values.frames()[frame].variables[0].iter();
        variables
            .map(|it| (it.name.as_str(), it.value.as_deref()))
            .collect()
    };
    assert_eq!(shown(0)[0], ("number", Ok("1")));
    assert!(
        shown(0)[1].1.unwrap().ends_with(r#""plums", count = 1}"#),
        "{:?}",
        shown(0)
    );
    assert_eq!(shown(2)[0], ("wrong", Ok("0")));
}

#[test]
fn backtraces_are_as_large_as_the_configuration_wants() {
    let Some(wasm) = compile("report/visits.c", REACTOR, "configured") else {
        return;
    };
    for debug_info in [false, true] {
        let config = |change: &dyn Fn(&mut Config) -> &mut Config| {
            let mut config = Config::new();
            change(config.debug_info(debug_info));
            config
        };
        for wrong in [0, 1] {
            let none = error(&config(&|it| it.wasm_backtrace(false)), &wasm, wrong);
            assert_eq!(none.backtrace().unwrap().frames().len(), 0);
            let plain = error(
                &config(&|it| it.wasm_backtrace_details(false)),
                &wasm,
                wrong,
            );
            let frames = plain.backtrace().unwrap().frames();
            assert_eq!(frames.len(), 3);
            for frame in frames.iter().filter(|frame| !frame.host) {
                assert!(frame.symbols.is_empty() && frame.variables.is_empty());
                assert!(frame.module_offset.is_some() && !frame.func_name.is_empty());
            }
        }
        let few = error(&config(&|it| it.wasm_backtrace_max_frames(1)), &wasm, 1);
        assert!(few.to_string().contains("refused"));
        let few = few.backtrace().unwrap();
        assert!(few.left_out().is_some() && few.frames().len() == 2);
    }
}
