//! Drives a real gdb: it finds a registered image when it runs the program, and when it attaches to it.
//!
//! The program is this test binary itself, started again with [`DEBUGGEE`] in its environment.

use dwalin_gdb_jit::Registration;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::{env, fs, hint, io, iter};

/// Set in the environment of the program that gdb looks at; the value says what it does.
const DEBUGGEE: &str = "DWALIN_GDB_JIT_DEBUGGEE";

/// The "generated" code: a function that returns. In .text, where it may be executed, so that no mmap is needed.
#[unsafe(link_section = ".text")]
#[cfg(target_arch = "x86_64")]
static CODE: [u8; 16] = [0xc3; 16];
#[unsafe(link_section = ".text")]
#[cfg(target_arch = "aarch64")]
static CODE: [u32; 4] = [0xd65f03c0; 4];

/// An ELF image with a function `jit_hello` at `address`.
fn image(address: u64) -> Vec<u8> {
    const STRINGS: &[u8] = b"\0.text\0.symtab\0.strtab\0jit_hello\0";
    const MACHINE: u16 = if cfg!(target_arch = "x86_64") {
        62
    } else {
        183
    };
    const HEADER: u64 = 64;
    const SECTION: u64 = 64;
    const SYMBOL: u64 = 24;
    let (symbols, strings) = (HEADER, HEADER + 2 * SYMBOL);
    let sections = strings + (STRINGS.len() as u64).next_multiple_of(8);
    let mut out = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut put = |size: usize, value: u64| out.extend(&value.to_le_bytes()[..size]);
    // The file header: ET_EXEC, as all addresses are final; no program headers, four sections, names in the third.
    let header = [
        (2, 2),
        (2, u64::from(MACHINE)),
        (4, 1),
        (8, 0),
        (8, 0),
        (8, sections),
        (4, 0),
        (2, HEADER),
    ];
    let counts = [(2, 0), (2, 0), (2, SECTION), (2, 4), (2, 3)];
    header
        .into_iter()
        .chain(counts)
        .for_each(|(size, value)| put(size, value));
    // The symbols: the null symbol, and a global function (0x12) in section 1.
    let symbol = [(4, 23), (1, 0x12), (1, 0), (2, 1), (8, address), (8, 8)];
    iter::repeat_n((8, 0), 3)
        .chain(symbol)
        .for_each(|(size, value)| put(size, value));
    STRINGS.iter().for_each(|byte| put(1, u64::from(*byte)));
    (strings + STRINGS.len() as u64..sections).for_each(|_| put(1, 0));
    // The sections: name, type, flags, address, offset, size, link, info, alignment, entry size.
    let rows = [
        [0; 10],
        [1, 8, 6, address, HEADER, 16, 0, 0, 8, 0], // .text is NOBITS: gdb reads the code from the process
        [7, 2, 0, 0, symbols, 2 * SYMBOL, 3, 1, 8, SYMBOL],
        [15, 3, 0, 0, strings, STRINGS.len() as u64, 0, 0, 1, 0],
    ];
    for row in rows {
        row.into_iter()
            .zip([4, 4, 8, 8, 8, 8, 4, 4, 8, 8])
            .for_each(|(value, size)| put(size, value));
    }
    out
}

/// The process that gdb debugs. In an ordinary test run there is nothing to do here.
#[test]
fn debuggee() {
    let Ok(task) = env::var(DEBUGGEE) else { return };
    let address = (&raw const CODE).addr();
    let registration = Registration::new(image(address as u64));
    // SAFETY: the bytes at CODE are a function that only returns.
    let hello: extern "C" fn() = unsafe { std::mem::transmute(hint::black_box(address)) };
    hello();
    if task == "wait" {
        println!("registered");
        io::stdin().read_exact(&mut [0]).ok(); // until the other end is closed
    }
    drop(registration);
    unregistered();
}

#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn unregistered() {
    hint::black_box(&CODE);
}

/// Leaves a test out where `DWALIN_TESTS_MAY_SKIP` is set, and fails elsewhere.
fn skipped(why: &str) {
    let allowed =
        env::var_os("DWALIN_TESTS_MAY_SKIP").is_some_and(|it| !it.is_empty() && it != "0");
    assert!(allowed, "{why} (DWALIN_TESTS_MAY_SKIP=1 skips this test)");
    // Not with `eprintln!`, which shows nothing for a test that passes.
    writeln!(io::stderr(), "SKIPPED: {why}").ok();
}

/// A gdb that runs `commands`; none if there is no gdb.
fn gdb(commands: &[&str], args: &[&str]) -> Option<String> {
    let mut gdb = Command::new("gdb");
    gdb.args([
        "-nx",
        "-batch",
        "-ex",
        "set debuginfod enabled off",
        "-ex",
        "set breakpoint pending on",
        "-ex",
        "set language c",
    ]);
    commands
        .iter()
        .for_each(|command| _ = gdb.args(["-ex", command]));
    match gdb
        .args(args)
        .env(DEBUGGEE, "run")
        .stdin(Stdio::null())
        .output()
    {
        Err(error) => {
            skipped(&format!("gdb cannot be started: {error}"));
            None
        }
        Ok(Output { stdout, stderr, .. }) => {
            Some(String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
        }
    }
}

fn this_test() -> String {
    env::current_exe()
        .unwrap()
        .into_os_string()
        .into_string()
        .unwrap()
}

#[test]
fn gdb_breaks_in_a_registered_image_and_forgets_it_when_it_is_dropped() {
    let commands = [
        "break jit_hello",
        "break unregistered",
        "run",
        "echo \\nSTOP 1\\n",
        "info symbol jit_hello",
        "continue",
        "echo \\nSTOP 2\\n",
        "info symbol jit_hello",
    ];
    let exe = this_test();
    let args = [
        "--args",
        &exe,
        "--exact",
        "debuggee",
        "--nocapture",
        "--test-threads=1",
    ];
    let Some(said) = gdb(&commands, &args) else {
        return;
    };
    let parts: Vec<_> = said.split("STOP ").collect();
    let [start, first, second] = parts[..] else {
        panic!("gdb said: {said}")
    };
    assert!(start.contains("hit Breakpoint 1, "), "gdb said: {said}");
    assert!(
        first.contains("jit_hello in section .text"),
        "gdb said: {said}"
    );
    assert!(first.contains("hit Breakpoint 2, "), "gdb said: {said}");
    assert!(
        second.contains("Function \"jit_hello\" not defined"),
        "gdb said: {said}"
    );
}

#[test]
fn gdb_finds_an_image_when_it_attaches() {
    let mut debuggee = Command::new(this_test());
    debuggee
        .args(["--exact", "debuggee", "--nocapture"])
        .env(DEBUGGEE, "wait");
    let mut debuggee = debuggee
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"registered\n") {
        let mut byte = [0];
        debuggee
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut byte)
            .unwrap();
        said.push(byte[0]);
    }
    let found = gdb(
        &["info symbol jit_hello"],
        &["-p", &debuggee.id().to_string()],
    );
    drop(debuggee.stdin.take());
    assert!(debuggee.wait().unwrap().success());
    let Some(found) = found else { return };
    // Many systems let nobody but root and the parent attach.
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    if !matches!(scope.trim(), "" | "0") && found.contains("ptrace: ") {
        return skipped(&format!(
            "gdb may not attach here (kernel.yama.ptrace_scope is {})",
            scope.trim()
        ));
    }
    assert!(
        found.contains("jit_hello in section .text"),
        "gdb said: {found}"
    );
}
