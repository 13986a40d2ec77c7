//! Several instances of a module in one process, each with a memory of its own: gdb shows each what is its.
//!
//! The host that gdb runs is this test itself, started again.

#[path = "support/tools.rs"]
mod tools;

use dwalin_runtime::{Config, Engine, Instance, Module, Store};
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

const MODULE: &str = "DWALIN_TEST_MODULE";

fn compile() -> String {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("counter.wasm");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/reactor/counter.c");
    let status = Command::new("clang-19")
        .args([
            "--target=wasm32-wasi",
            "-g",
            "-O0",
            "-mexec-model=reactor",
            "-o",
        ])
        .arg(&out)
        .arg(source)
        .status();
    assert!(status.unwrap().success(), "counter.c compiles");
    out.into_os_string().into_string().unwrap()
}

/// The host: two instances in one store, one in another.
#[test]
fn host() {
    let Ok(module) = env::var(MODULE) else { return };
    let mut config = Config::new();
    config.debug_info(true);
    config.image_folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join("instances"));
    let engine = Engine::new(&config);
    let module = Module::from_file(&engine, Path::new(&module)).unwrap();
    let (mut one, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let first = Instance::new(&mut one, &module, &[]).unwrap();
    let second = Instance::new(&mut one, &module, &[]).unwrap();
    let third = Instance::new(&mut other, &module, &[]).unwrap();
    let count = |store: &mut Store<()>, instance: Instance, by: i32| {
        let count = instance.get_typed_func::<i32, i32>(&mut *store, "count");
        count.unwrap().call(store, by).unwrap()
    };
    assert_eq!(count(&mut one, first, 3), 1 + 30 + 3);
    assert_eq!(count(&mut one, second, 5), 1 + 50 + 5);
    assert_eq!(count(&mut other, third, 7), 1 + 70 + 7);
    assert_eq!(count(&mut one, first, 4), 1 + 40 + 7);
}

/// The answers of gdb, in order, at each stop in `look`.
fn answers(expressions: &[&str]) -> Vec<Vec<String>> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set debuginfod enabled off"]);
    gdb.args([
        "-ex",
        "set breakpoint pending on",
        "-ex",
        "break counter.c:look",
        "-ex",
        "run",
    ]);
    for _ in 0..4 {
        for expression in expressions {
            gdb.args([
                "-ex",
                "echo answer\\n",
                "-ex",
                &format!("output {expression}"),
                "-ex",
                "echo \\n",
            ]);
        }
        gdb.args(["-ex", "echo stop\\n", "-ex", "continue"]);
    }
    gdb.arg("--args").arg(env::current_exe().unwrap());
    gdb.args(["host", "--exact", "--nocapture", "--test-threads=1"]);
    gdb.env(MODULE, compile()).stdin(Stdio::null());
    let said = gdb.output().expect("gdb can be started");
    let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    let stops = said.split("stop\n").take(4);
    let answers = |stop: &str| {
        let parts = stop.split("answer\n").skip(1);
        parts
            .map(|it| it.lines().next().unwrap_or_default().to_owned())
            .collect()
    };
    stops.map(answers).collect()
}

#[test]
fn each_instance_shows_its_own_memory() {
    if env::var(MODULE).is_ok() {
        return;
    }
    if !tools::have(&["gdb"]) {
        return;
    }
    // The second time the first instance has its image from the first time, and the others have other places.
    for _ in 0..2 {
        expect_own_memory(&answers(&[
            "counter",
            "part->next->number",
            "parts[1].number",
            "part->name",
        ]));
    }
}

fn expect_own_memory(seen: &[Vec<String>]) {
    assert_eq!(seen.len(), 4);
    for (stop, (counter, number)) in seen.iter().zip([(3, 30), (5, 50), (7, 70), (7, 40)]) {
        assert_eq!(stop[0], counter.to_string(), "{seen:?}");
        assert_eq!(stop[1], number.to_string(), "{seen:?}");
        assert_eq!(stop[2], number.to_string(), "{seen:?}");
        // At the guest's own address nobody's memory can be: the string is not there rather than another instance's.
        assert!(!stop[3].contains('"'), "{seen:?}");
    }
}
