//! Rust's types in `dwalin gdb` with the real gdb. What is expected is what the guest's source says.

#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");
const SOURCE: &str = "tests/programs/launcher/rust.rs";

/// rust.rs's variables, as `info locals` shows them: how each line begins and ends, with an address between them.
const LOCALS: [(&str, &str); 74] = [
    (r#"text = "one \"two\"""#, ""),
    (r#"no_text = """#, ""),
    (r#"string = "héllo\nworld""#, ""),
    (r#"growing = """#, ""),
    (r#"boxed_text = "boxed text""#, ""),
    (r#"path = "/tmp/x""#, ""),
    ("numbers = Vec of length 3 = {1, 2, 3}", ""),
    (
        "people = Vec of length 2 = ",
        r#"{rust::Person {name: "Ann", age: 30}, rust::Person {name: "Bob", age: 40}}"#,
    ),
    ("no_numbers = Vec of length 0", ""),
    ("units = Vec of length 2", ""),
    (
        "nested = Vec of length 2 = ",
        "{Vec of length 1 = {1}, Vec of length 2 = {2, 3}}",
    ),
    ("array = [7, 8, 9]", ""),
    ("slice = slice of length 2 = {2, 3}", ""),
    (
        "slice_of_strings = slice of length 2 = ",
        r#"{rust::Person {name: "Ann", age: 30}, rust::Person {name: "Bob", age: 40}}"#,
    ),
    ("boxed_slice = Box of length 2 = {-1, -2}", ""),
    (
        "reference = 0x",
        r#" = {value = rust::Person {name: "Ann", age: 30}}"#,
    ),
    ("reference_to_string = 0x", r#" = {value = "Bob"}"#),
    ("boxed = 0x", " = {value = 42}"),
    (
        "boxed_person = 0x",
        r#" = {value = rust::Person {name: "Cid", age: 50}}"#,
    ),
    ("rc = Rc (strong 2, weak 1) = {value = 43}", ""),
    ("rc_again = Rc (strong 2, weak 1) = {value = 43}", ""),
    ("weak = Weak (strong 2, weak 1)", ""),
    ("no_weak = Weak, dangling", ""),
    (r#"rc_text = Rc (strong 1, weak 0) "counted""#, ""),
    ("rc_slice = Rc (strong 1, weak 0) of length 2 = {4, 5}", ""),
    (
        "arc = Arc (strong 1, weak 0) = ",
        r#"{value = rust::Person {name: "Dan", age: 60}}"#,
    ),
    ("cell = Cell = {value = 44}", ""),
    (
        "ref_cell = RefCell = {value = Vec of length 2 = {1, 2}}",
        "",
    ),
    ("borrowed = RefCell (borrowed 1) = {value = 45}", ""),
    ("borrow = Ref = {value = 45}", ""),
    (
        "shared = Rc (strong 1, weak 0) = ",
        r#"{value = RefCell = {value = "shared"}}"#,
    ),
    ("mutex = Mutex = {value = 46}", ""),
    ("nonzero = 47", ""),
    ("some = ", "::Some(48)"),
    ("none = ", "::None"),
    ("some_string = ", r#"::Some("some")"#),
    ("no_string = ", "::None"),
    ("some_box = ", " = {value = 49})"),
    ("no_box = ", "::None"),
    ("ok = ", "::Ok(1)"),
    ("err = ", r#"::Err("went wrong")"#),
    ("empty_shape = rust::Shape::Empty", ""),
    ("circle = rust::Shape::Circle(1.5)", ""),
    (
        r#"named = rust::Shape::Named{name: "hexagon", sides: 6}"#,
        "",
    ),
    (
        "shapes = Vec of length 2 = ",
        "{rust::Shape::Empty, rust::Shape::Circle(2.5)}",
    ),
    ("plain = rust::Plain::Green", ""),
    (r#"tuple = (1, 2.5, "three")"#, ""),
    ("meters = rust::Meters (3.5)", ""),
    ("unit = ()", ""),
    (r#"map = HashMap of length 1 = {["key"] = 50}"#, ""),
    ("set = HashSet of length 1 = {51}", ""),
    ("no_map = HashMap of length 0", ""),
    (
        r#"tree = BTreeMap of length 2 = {[1] = "a", [2] = "b"}"#,
        "",
    ),
    (
        "large = BTreeMap of length 100 = {[0] = 0, [1] = 2, [2] = 4,",
        " [98] = 196, [99] = 198...}",
    ),
    (r#"tree_set = BTreeSet of length 2 = {"x", "y"}"#, ""),
    ("no_tree = BTreeMap of length 0", ""),
    ("list = LinkedList of length 2 = {6, 7}", ""),
    ("no_list = LinkedList of length 0", ""),
    ("heap = BinaryHeap of length 2 = {8, 5}", ""),
    ("byte = 0x", " = {value = 53}"),
    ("letter = 0x", " = {value = 122 'z'}"),
    ("deque = VecDeque of length 3 = {1, 2, 3}", ""),
    (
        "object = 0x",
        r#" = {value = rust::Person {name: "Bob", age: 40}}"#,
    ),
    (
        "boxed_object = 0x",
        r#" = {value = rust::Person {name: "Eve", age: 70}}"#,
    ),
    (
        "objects = Vec of length 1 = ",
        r#"{Rc (strong 1, weak 0) = {value = rust::Person {name: "Fay", age: 80}}}"#,
    ),
    ("debug = 0x", " = {value = 52}"),
    ("damaged = Vec of length 4294967280 <error: ", ">"),
    ("damaged_rc = <error: ", ">"),
    ("damaged_map = HashMap <error: ", ">"),
    ("damaged_tree = BTreeMap <error: ", ">"),
    ("lost_tree = BTreeMap of length 5 = {[<error: ", ">] = ?}"),
    ("damaged_deque = VecDeque <error: ", ">"),
    ("damaged_text = <error: ", ">"),
    ("uninitialised = ", ""),
];

/// Expressions, and what gdb says: those with a value are numbered.
const PRINTED: [(&str, &str); 13] = [
    ("p slice[1]", "$1 = 3"),
    ("p slice_of_strings[1].name", r#"$2 = "Bob""#),
    ("p reference.age", "$3 = 30"),
    ("p *boxed", "$4 = 42"),
    ("p $at(people, 1).name", r#"$5 = "Bob""#),
    ("p $at(deque, 0) + 1", "$6 = 2"),
    ("p $at($at(nested, 1), 0)", "$7 = 2"),
    ("p $at(tree, 2)", r#"$8 = "b""#),
    ("p $at(object).age", "$9 = 40"),
    ("p $at($at(shared))", r#"$10 = "shared""#),
    ("p *letter", "$11 = 122 'z'"),
    ("p $at(people, 2)", "nothing at 2"),
    ("p $at(damaged, 0)", "nothing at 0"),
];

/// The guest, with options of rustc's; nothing, and a line that says so, where this machine cannot run these tests.
fn compile(name: &str, options: &[&str]) -> Option<PathBuf> {
    if !tools::have(&["gdb"]) || !tools::have_rust_for_wasi() {
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gdb-rust");
    fs::create_dir_all(&folder).unwrap();
    let out = folder.join(name);
    let path = out.to_str().unwrap();
    let fixed = ["--target=wasm32-wasip1", "--crate-name=rust", "-g"];
    rustc(&[&fixed, options, &["-o", path, SOURCE]].concat());
    Some(out)
}

fn rustc(options: &[&str]) -> String {
    let mut rustc = Command::new("rustc");
    let folder = env!("CARGO_MANIFEST_DIR");
    let said = rustc.args(options).current_dir(folder).output().unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "rustc said: {errors}");
    String::from_utf8(said.stdout).unwrap()
}

/// The output of gdb for these commands where the guest's variables are; with a `prefix` that starts `dwalin` as somebody else.
fn gdb(prefix: &[&str], program: &Path, commands: &[&str]) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(SOURCE);
    let source = fs::read_to_string(source).unwrap();
    let stop = source.lines().position(|line| line.contains("stop here"));
    let stop = format!("break rust.rs:{}", stop.unwrap() + 1);
    let mut line = prefix.to_vec();
    line.extend([DWALIN, "gdb", "--batch", "--gdb-option=-nx"]);
    for command in ["set width 0", &stop, "run"].iter().chain(commands) {
        line.extend(["--ex", command]);
    }
    line.extend(["--ex", "kill", program.to_str().unwrap()]);
    let mut gdb = Command::new(line[0]);
    gdb.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    let said = gdb.args(&line[1..]).output().unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

fn shows_locals(said: &str) {
    let is_there = |(begin, end): &&(&str, &str)| {
        let mut lines = said.lines();
        lines.any(|line| {
            line.strip_prefix(begin)
                .is_some_and(|rest| rest.ends_with(end) && (!end.is_empty() || rest.is_empty()))
        })
    };
    let missing: Vec<_> = LOCALS[..LOCALS.len() - 1]
        .iter()
        .filter(|row| !is_there(row))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}, gdb said: {said}");
    let (begin, _) = LOCALS[LOCALS.len() - 1];
    assert!(said.contains(begin), "gdb said: {said}");
    assert!(!said.contains("Python"), "gdb said: {said}");
}

#[test]
fn types_of_rust_print_as_what_they_hold() {
    if let Some(wasm) = compile("locals.wasm", &[]) {
        shows_locals(&gdb(&[], &wasm, &["info locals"]));
    }
}

#[test]
fn elements_are_found_in_expressions() {
    if let Some(wasm) = compile("expressions.wasm", &[]) {
        let commands: Vec<_> = PRINTED.iter().map(|(command, _)| *command).collect();
        let said = gdb(&[], &wasm, &commands);
        for (command, shown) in PRINTED {
            let is_there = said.lines().any(|line| line == shown);
            assert!(is_there, "{command}: gdb said: {said}");
        }
    }
}

/// Loaded by many people's gdb for their other programs.
#[test]
fn rustcs_own_printers_change_nothing() {
    if let Some(wasm) = compile("theirs.wasm", &[]) {
        let sysroot = rustc(&["--print=sysroot"]);
        let script = "lib/rustlib/etc/gdb_load_rust_pretty_printers.py";
        let load = format!(
            "source {}",
            Path::new(sysroot.trim()).join(script).display()
        );
        shows_locals(&gdb(&[], &wasm, &[&load, "info locals"]));
    }
}

/// Who may not map low addresses has no second mapping of the first 64 KiB, in which all of this program's memory is.
#[test]
fn types_of_rust_print_for_ordinary_users() {
    let Some(wasm) = compile("nobody.wasm", &["-Clink-arg=-zstack-size=16384"]) else {
        return;
    };
    if let Some(user) = tools::as_ordinary_user(&[DWALIN, &tools::gdb()]) {
        shows_locals(&gdb(user, &wasm, &["info locals"]));
    }
}
