//! What `dwalin gdb` says of breakpoints that nothing matches, and the frame that it selects where a program gave up.

#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gdb-stops");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compiles a source; the module.
fn compile(compiler: &[&str], name: &str, source: &str) -> String {
    let (file, module) = (folder().join(name), folder().join(format!("{name}.wasm")));
    fs::write(&file, source).unwrap();
    let status = Command::new(compiler[0])
        .args(&compiler[1..])
        .arg("-o")
        .args([&module, &file])
        .status();
    assert!(status.expect("it can be started").success());
    module.into_os_string().into_string().unwrap()
}

const C: [&str; 4] = ["clang-19", "--target=wasm32-wasi", "-g", "-O0"];
const CPP: [&str; 5] = [
    "clang++-19",
    "--target=wasm32-wasi",
    "-g",
    "-O0",
    "-fno-exceptions",
];

/// The output of gdb for commands on a program with the variable WHY in its environment.
fn gdb(program: &str, why: &str, commands: &[&str]) -> String {
    let mut gdb = Command::new(DWALIN);
    gdb.args(["gdb", "--batch", "--gdb-option=-nx"]);
    gdb.arg(format!("--env=WHY={why}"));
    for command in ["set width 0", "set debuginfod enabled off"]
        .iter()
        .chain(commands)
    {
        gdb.args(["--ex", command]);
    }
    let said = gdb.arg(program).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

fn equipped() -> bool {
    tools::have(&["gdb", "clang-19", "clang++-19"])
}

const SHAPES: &str = r#"namespace shapes {
struct Circle {
    int radius;
    int area() const { return 3 * radius * radius; }
};
template <typename T> T twice(T value) { return value + value; }
}
int main() {
    shapes::Circle circle{2};
    return shapes::twice(circle.area()) - 24;
}
"#;

#[test]
fn breakpoints_that_nothing_matches_are_said_with_what_is_near() {
    if !equipped() {
        return;
    }
    let module = compile(&CPP, "shapes.cpp", SHAPES);
    let commands = [
        "break shapes::Circle::aera",
        "break Circle::area",
        "break twcie",
        "break shapes.cpp:900 if 1 == 2",
        "break shpaes.cpp:9",
        "break quite_another",
        "tbreak main",
        "echo RUN\\n",
        "run",
        "break mian",
        "continue",
        "continue",
        "echo AGAIN\\n",
        "disable 2",
        "run",
    ];
    let said = gdb(&module, "", &commands);
    let lines = [
        "Breakpoint 1 (shapes::Circle::aera) matches nothing in the program; the nearest is shapes::Circle::area.",
        "Breakpoint 3 (twcie) matches nothing in the program; the nearest is shapes::twice.",
        "Breakpoint 4 (shapes.cpp:900) matches nothing in the program; the nearest is shapes.cpp:10.",
        "Breakpoint 5 (shpaes.cpp:9) matches nothing in the program; the nearest is shapes.cpp:9.",
        "Breakpoint 6 (quite_another) matches nothing in the program.",
        "Breakpoint 8 (mian) matches nothing in the program; the nearest is main.",
    ];
    let (before, rest) = said.split_once("RUN\n").unwrap();
    let (first, again) = rest.split_once("AGAIN\n").unwrap();
    for line in lines {
        let before = before.matches(line).count() + usize::from(line.contains("mian"));
        // The last one was made in the run.
        let first = first.matches(line).count() - usize::from(line.contains("mian"));
        let counts = (before, first, again.matches(line).count());
        assert_eq!(counts, (1, 1, 2), "{line}, gdb said: {said}");
    }
    let all = said.matches(" matches nothing ").count();
    assert_eq!(all, 4 * lines.len(), "gdb said: {said}");
}

const GIVES_UP: &str = r#"#include <assert.h>
#include <stdlib.h>
static void give_up(int why) {
    if (why == 1)
        abort();
    assert(why != 2);
    __builtin_trap();
}
int main(void) {
    give_up(atoi(getenv("WHY")));
    return 0;
}
"#;

#[test]
fn an_abort_selects_the_frame_of_the_program() {
    if !equipped() {
        return;
    }
    let module = compile(&C, "gives_up.c", GIVES_UP);
    for (why, line) in [
        ("1", "5\t        abort();"),
        ("2", "6\t    assert(why != 2);"),
        ("3", "7\t    __builtin_trap();"),
    ] {
        let said = gdb(&module, why, &["run", "p why", "bt -1"]);
        assert!(said.contains(line), "gdb said: {said}");
        assert!(said.contains(&format!("$1 = {why}\n")), "gdb said: {said}");
    }
}

const TERMINATES: &str = r#"#include <cstdlib>
#include <exception>
#include <vector>
static int stop(int why) {
    if (why == 1)
        std::terminate();
    std::vector<int> numbers(3);
    return numbers.at(7);
}
int main() {
    return stop(std::atoi(std::getenv("WHY")));
}
"#;

#[test]
fn std_terminate_selects_the_frame_of_the_program() {
    if !equipped() {
        return;
    }
    let module = compile(&CPP, "terminates.cpp", TERMINATES);
    for (why, line) in [
        ("1", "6\t        std::terminate();"),
        ("2", "8\t    return numbers.at(7);"),
    ] {
        let said = gdb(&module, why, &["run", "p why"]);
        assert!(said.contains(line), "gdb said: {said}");
        assert!(said.contains(&format!("$1 = {why}\n")), "gdb said: {said}");
    }
}

const PANICS: &str = r#"fn pick(numbers: &[i32], at: usize) -> i32 {
    numbers[at]
}
fn main() {
    if std::env::var("WHY").as_deref() == Ok("1") {
        let nothing: Option<i32> = None;
        println!("{}", nothing.unwrap());
    }
    println!("{}", pick(&[1, 2, 3], 7));
}
"#;

#[test]
fn a_panic_selects_the_frame_of_the_program() {
    if !equipped() || !tools::have_rust_for_wasi() {
        return;
    }
    let module = compile(
        &["rustc", "-g", "--target", "wasm32-wasip1"],
        "panics.rs",
        PANICS,
    );
    let said = gdb(&module, "1", &["run", "p nothing"]);
    assert!(
        said.contains("7\t        println!(\"{}\", nothing.unwrap());"),
        "gdb said: {said}"
    );
    assert!(
        said.contains("$1 = core::option::Option<i32>::None"),
        "gdb said: {said}"
    );
    let said = gdb(&module, "2", &["run", "p at"]);
    assert!(said.contains("2\t    numbers[at]\n"), "gdb said: {said}");
    assert!(said.contains("$1 = 7\n"), "gdb said: {said}");
}

const QUEUE: &str = r#"#include <stdlib.h>
static unsigned queued = 3;
static void check(int holds) {
    if (!holds)
        abort();
}
static unsigned pop(void) {
    check(queued != 0);
    return queued--;
}
int main(void) {
    return pop() - 3;
}
"#;

/// clang begins such a function with the first line of its body. Where that line were also the one of the machine's instructions before the
/// body, gdb would not stop there on the way back.
#[test]
fn what_is_before_a_body_has_the_line_of_the_declaration() {
    if !equipped() {
        return;
    }
    let module = compile(&C, "queue.c", QUEUE);
    let commands = [
        "tbreak main",
        "run",
        "info line pop",
        "break pop",
        "break queue.c:7",
        "break queue.c:8",
        "info breakpoints",
        "continue",
        "continue",
    ];
    let said = gdb(&module, "", &commands);
    let declared = said.lines().find(|line| line.starts_with("Line 7 of "));
    let declared = declared.unwrap_or_else(|| panic!("{said}"));
    assert!(declared.contains("<pop> and ends at"), "{said}");
    // One place for all three, after the prologue.
    assert_eq!(said.matches(", line 8.").count(), 3, "{said}");
    assert_eq!(said.matches(" in pop at ").count(), 3, "{said}");
    assert_eq!(said.matches(", pop () at ").count(), 1, "{said}");
    assert!(said.contains("exited normally"), "{said}");
}
