//! References of WebAssembly open: objects with their fields and elements, numbers of 31 bits, functions by name, exceptions, in reports, core
//! dumps and debuggers. What is expected is what tests/programs/wat/references.wat and exceptions.wat say.

mod checkout;
#[path = "support/tools.rs"]
mod tools;

use checkout::{dwalin, root};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("references")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn program() -> PathBuf {
    root().join("tests/programs/wat/references.wat")
}

fn said(command: &mut Command) -> String {
    let Output { stdout, stderr, .. } = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()
}

fn expect(said: &str, expected: &[&str]) {
    for line in expected {
        assert!(said.contains(line), "{line}\nin\n{said}");
    }
}

/// Values as reports and core dumps write them.
const SHOWN: [&str; 9] = [
    "p = 0x20 → point {x = 3, y = 4, next = 0x8 → point {…}}",
    "s = 0x38 → circle {id = 9, center = 0x20 → point {…}, radius = 2.5}",
    "b = 0x50 → bytes[3] [104, 105, -1]",
    "list = 0x60 → points[300] [0x20 → point {x = 3, y = 4, ",
    "n = null",
    "i = -5 (i31)",
    "any = 0x520 → shape {id = 77}",
    "f = double\n",
    "m = 0x530 → mixed {small = -3, any = 42 (i31), call = double, host = null}",
];

#[test]
fn reports_and_core_dumps_open_references() {
    let core = folder("core").join("core");
    let mut run = Command::new(dwalin());
    run.args(["run", "-g", "--coredump"])
        .arg(&core)
        .arg(program());
    let report = said(&mut run);
    expect(&report, &SHOWN);
    expect(
        &report,
        &["a = 0x20 → point {x = 3", "c = 0x38 → circle {id = 9"],
    );
    let mut inspect = Command::new(dwalin());
    inspect
        .arg("inspect")
        .arg(&core)
        .arg("--module")
        .arg(program());
    let inspected = said(&mut inspect);
    expect(&inspected, &SHOWN);
    // The heap is no memory of the program's.
    let mut memory = Command::new(dwalin());
    memory.args(["inspect", "--memory", "0"]).arg(&core);
    expect(&said(&mut memory), &["the core dump has no memory"]);
}

#[test]
fn a_core_dump_may_say_anything_of_references() {
    let folder = folder("damaged");
    let core = folder.join("core");
    let mut run = Command::new(dwalin());
    run.args(["run", "-g", "--coredump"])
        .arg(&core)
        .arg(program());
    said(&mut run);
    let whole = fs::read(&core).unwrap();
    let find = |text: &[u8]| {
        let mut places = whole.windows(text.len());
        places.position(|bytes| bytes == text).expect("a note")
    };
    // References to the middle of objects, beyond the heap, and to no object: each is told or refused, and nothing else happens.
    for word in ["24", "21", "ff", "fffffff8"] {
        let at = find(b"reference 0 0 0 20\n");
        let mut damaged = whole.clone();
        let digits = word.as_bytes();
        let old = at + b"reference 0 0 0 ".len();
        damaged.splice(old..old + 2, digits.iter().copied());
        let file = folder.join(format!("core-{word}"));
        fs::write(&file, damaged).unwrap();
        let mut inspect = Command::new(dwalin());
        inspect
            .arg("inspect")
            .arg(&file)
            .arg("--module")
            .arg(program());
        let done = inspect.stdin(Stdio::null()).output().unwrap();
        assert!(done.status.code().is_some(), "it ends by itself");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!said.contains("panicked"), "{said}");
    }
}

const GDB_COMMANDS: [&str; 25] = [
    "set debuginfod enabled off",
    "set confirm off",
    "set print frame-arguments none",
    "break look_at",
    "run",
    "info args",
    "print p->next->x",
    "print *p",
    "print ((circle *)s)->radius",
    "print *(shape *)any",
    "print b->elements[1]",
    "print list->elements[299]->y",
    "print origin",
    "print m->call",
    "print p->y = 7",
    "print origin->y",
    "print/r p",
    "set var any = 0x24",
    "print any",
    "set var any = 0xfffffff8",
    "print any",
    "set var p = 0x7ffffff8",
    "print p",
    "up",
    "info locals",
];

const GDB_SAYS: [&str; 25] = [
    "\np = point = {x = 3, y = 4, next = point = {x = 1, y = 2, next = point = {x = 3, y = 4, next = point {...}}}}",
    "\ns = circle = {id = 9, center = point = {x = 3, y = 4, next = ",
    "\nb = bytes[3] = {104 'h', 105 'i', -1 '\\377'}",
    "\nlist = points[300] = {point {...}, point {...}, ",
    "\nn = null",
    "\ni = -5 (i31)",
    "\nany = shape = {id = 77}",
    "\nf = double",
    "\nm = mixed = {small = -3 '\\375', any = 42 (i31), call = double, host = null}",
    "$1 = 1\n",
    "$2 = {x = 3, y = 4, next = point = {x = 1, y = 2, ",
    "$3 = 2.5\n",
    "$4 = {id = 77}\n",
    "$5 = 105 'i'\n",
    "$6 = 4\n",
    "$7 = point = {x = 3, y = 4, ",
    "$8 = double\n",
    "$9 = 7\n",
    "$10 = 7\n",
    "(struct point *) 0x20\n",
    "$12 = <error: 0x24 is no reference>",
    "$13 = <error: 0xfffffff8 is no object>",
    "$14 = <error: ",
    "\na = point = {x = 3, y = 7, ",
    "\nc = circle = {id = 9, center = point = {x = 3, y = 7, ",
];

#[test]
fn gdb_opens_references() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let mut gdb = Command::new(dwalin());
    gdb.args(["gdb", "-nx", "-batch"]);
    for command in GDB_COMMANDS {
        gdb.args(["-ex", command]);
    }
    let said = said(gdb.arg(program()));
    expect(&said, &GDB_SAYS);
}

#[test]
fn lldb_opens_references() {
    if !tools::have(&[&tools::lldb()]) {
        return;
    }
    let commands = [
        "b look_at",
        "run",
        "frame variable p s b n i any f m",
        "frame variable p->next->x",
        "frame variable p.next.y",
        "frame variable *p",
        "frame variable s.radius",
        "frame variable list[299].x",
        "frame variable any.id",
        "target variable origin",
        "up",
        "frame variable",
    ];
    let mut lldb = Command::new(dwalin());
    lldb.args(["lldb", "--lldb", &tools::lldb()]);
    lldb.args([
        "--lldb-option=--no-lldbinit",
        "--lldb-option=--no-use-colors",
    ]);
    for command in commands {
        lldb.args(["-o", command]);
    }
    let said = said(lldb.args(["-o", "quit"]).arg(program()));
    expect(
        &said,
        &[
            "(point*) p = point {x = 3, y = 4, next = point {x = 1, y = 2, next = point {x = 3, y = 4, next = point {...}}}}",
            "(shape*) s = circle {id = 9, center = point {x = 3, y = 4, ",
            "(bytes*) b = bytes[3] {'h', 'i', '\\xff'}",
            "(point*) n = null",
            "(i31ref) i = -5 (i31)",
            "(anyref) any = shape {id = 77}",
            "(funcref) f = double",
            "any = 42 (i31), call = double, host = null}",
            "(int) p->next->x = 1",
            "(int) p.next.y = 2",
            "(point) *p = {\n  x = 3\n  y = 4\n",
            "s.radius = 2.5",
            "list[299].x = 3",
            "(int) any.id = 77",
            "(point*) origin = point {x = 3, y = 4, ",
            "(circle*) c = circle {id = 9, ",
        ],
    );
}

/// As many types as a module may well have, each naming the next: they are described one after another.
#[test]
fn types_may_name_each_other_in_long_chains() {
    let mut text = String::from("(module (rec");
    for number in 0..20_000 {
        let next = (number + 1) % 20_000;
        let _ = write!(
            text,
            "(type $t{number} (struct (field (ref null $t{next}))))\n"
        );
    }
    text += ") (func (export \"_start\") (local $first (ref null $t0)) unreachable))";
    let file = folder("chain").join("chain.wat");
    fs::write(&file, text).unwrap();
    let mut run = Command::new(dwalin());
    let report = said(run.args(["run", "-g"]).arg(file));
    expect(
        &report,
        &["wasm `unreachable` instruction executed", "first = null"],
    );
}

/// Exceptions as tests/programs/wat/exceptions.wat makes them: tag, values, and what they are to a language.
const EXCEPTIONS: [&str; 5] = [
    "e = oops(-7, 2.5)",
    "w = outer(oops(8, 2.5), null, 0.1)",
    "n = null",
    "cpp = __cpp_exception(112) → exception of type E",
    "rust = __cpp_exception(320) → Rust panic",
];

fn exceptions() -> PathBuf {
    root().join("tests/programs/wat/exceptions.wat")
}

#[test]
fn exceptions_open_in_reports_and_core_dumps() {
    let core = folder("exceptions").join("core");
    let mut run = Command::new(dwalin());
    run.args(["run", "-g", "--coredump"]).arg(&core);
    expect(&said(run.arg(exceptions())), &EXCEPTIONS);
    let mut inspect = Command::new(dwalin());
    inspect.arg("inspect").arg(&core);
    let inspected = said(inspect.arg("--module").arg(exceptions()));
    expect(&inspected, &EXCEPTIONS);
}

#[test]
fn exceptions_open_in_gdb() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let commands = [
        "set debuginfod enabled off",
        "set confirm off",
        "break look_at",
        "run",
        "info args",
        "set var n = 0x657c000000001234",
        "print n",
    ];
    let mut gdb = Command::new(dwalin());
    gdb.args(["gdb", "-nx", "-batch"]);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    let said = said(gdb.arg(exceptions()));
    expect(&said, &EXCEPTIONS);
    let none = "<error: 0x657c000000001234 is no exception>";
    expect(&said, &[none]);
}

#[test]
fn exceptions_open_in_lldb() {
    if !tools::have(&[&tools::lldb()]) {
        return;
    }
    let mut lldb = Command::new(dwalin());
    lldb.args(["lldb", "--lldb", &tools::lldb()]);
    lldb.args([
        "--lldb-option=--no-lldbinit",
        "--lldb-option=--no-use-colors",
    ]);
    for command in ["b look_at", "run", "frame variable", "quit"] {
        lldb.args(["-o", command]);
    }
    expect(&said(lldb.arg(exceptions())), &EXCEPTIONS);
}
