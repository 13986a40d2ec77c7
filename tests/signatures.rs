//! What debuggers say of functions that they would call wrongly, of variables that the linker dropped, and of numbers that they do not
//! know.

mod support;

use std::fs;
use std::process::{Command, Stdio};
use support::scripted::{self, formatters, has};
use support::{Folder, equipped};

fn compiled(test: &str, program: &str, version: &str) -> Folder {
    let folder = Folder::new(&format!("signatures-{test}{version}"));
    let source = scripted::source("tests/programs/signatures").join(program);
    folder.write(program, fs::read(source).unwrap());
    let target = ["--target=wasm32-wasi", "-g", version, "-O0", "-w"];
    let (compiler, more) = match program.ends_with(".cpp") {
        true => ("clang++-19", "-fno-exceptions"),
        false => ("clang-19", "-ffixed-point"),
    };
    let file = [more, program, "-o", "app.wasm"];
    folder.tool(&[&[compiler][..], &target, &file].concat());
    folder
}

/// The output of gdb for each command, at a breakpoint.
fn asked_of_gdb(folder: &Folder, at: &str, commands: &[&str]) -> Vec<String> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set debuginfod enabled off"]);
    gdb.args(["-ex", "set breakpoint pending on", "-ex", "set width 0"]);
    gdb.args(["-ex", &format!("break {at}"), "-ex", "run"]);
    for command in commands {
        gdb.args(["-ex", "echo \\n«", "-ex", command]);
    }
    gdb.args(["--args", env!("CARGO_BIN_EXE_dwalin"), "run", "-g"]);
    gdb.arg("app.wasm").stdin(Stdio::null());
    // Errors come between what they are of.
    gdb.current_dir(folder.path("."));
    answers("gdb", gdb)
}

/// The output of lldb for each command, at a breakpoint.
fn asked_of_lldb(folder: &Folder, at: &str, commands: &[&str]) -> Vec<String> {
    let mut script = String::new();
    for command in commands {
        script += &format!("script print(chr(171))\n{command}\n");
    }
    folder.write("asked.lldb", script);
    let mut lldb = Command::new(support::tools::lldb());
    lldb.args(["--no-lldbinit", "--no-use-colors", "--batch"]);
    let jit = "settings set plugin.jit-loader.gdb.enable on";
    let stop = match at.starts_with("-f") {
        true => format!("breakpoint set {at}"),
        false => format!("b {at}"),
    };
    let asked = "command source --stop-on-error false asked.lldb";
    for command in [jit, &formatters(), &stop, "run", asked] {
        lldb.args(["-o", command]);
    }
    lldb.args(["--", env!("CARGO_BIN_EXE_dwalin"), "run", "-g", "app.wasm"]);
    lldb.stdin(Stdio::null()).current_dir(folder.path("."));
    let answers = answers("lldb", lldb);
    // lldb repeats what it was told.
    let bare = |answer: String| {
        let lines = answer.lines().filter(|line| !line.starts_with("(lldb)"));
        lines.collect::<Vec<_>>().join("\n")
    };
    answers.into_iter().map(bare).collect()
}

/// The output of a debugger after each mark, from both of its streams.
fn answers(debugger: &str, command: Command) -> Vec<String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>&1"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap());
    let said = shell.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut answers: Vec<_> = said.split('«').map(|it| it.trim().to_owned()).collect();
    assert!(answers.len() > 1, "{debugger}: {said}");
    answers.remove(0);
    answers
}

fn expect(answers: &[String], questions: &[(&str, &str)]) {
    assert_eq!(answers.len(), questions.len(), "{answers:#?}");
    for (said, (question, expected)) in answers.iter().zip(questions) {
        assert!(said.contains(expected), "{question}: {said}");
    }
}

fn commands<'q>(questions: &[(&'q str, &str)]) -> Vec<&'q str> {
    questions.iter().map(|(question, _)| *question).collect()
}

const VERSIONS: [&str; 2] = ["-gdwarf-4", "-gdwarf-5"];

#[test]
fn gdb_says_signatures_and_refuses_calls() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = compiled("gdb", "calls.cpp", version);
        let refused = "does not follow the target calling convention";
        let questions = [
            ("whatis make_rows", "type = Rows (int)"),
            ("whatis make_pair", "type = Pair (int)"),
            ("whatis make_alone", "type = Alone (int)"),
            ("whatis shop::price", "type = shop::Price (int)"),
            ("whatis make_text", "string (int)"),
            ("whatis Shape::both", "type = Pair (Shape * const)"),
            ("info functions make_pair", "static Pair make_pair(int);"),
            ("call make_pair(4)", refused),
            ("call make_rows(4)", refused),
            (
                "finish",
                "Value returned has type: Pair. Cannot determine contents",
            ),
        ];
        let answers = asked_of_gdb(&folder, "make_pair", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn lldb_says_signatures_and_refuses_calls() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("lldb")) {
        let folder = compiled("lldb", "calls.cpp", version);
        let virtual_call = "the virtual method 'area', of which only the program knows";
        let questions = [
            ("frame info", "app.wasm`make_pair(n=4) at calls.cpp"),
            ("expr make_pair(4)", "incomplete return type 'struct Pair'"),
            ("p make_pair", "(struct Pair (*)(int))"),
            ("expr make_rows(4)", "incomplete return type 'struct Rows'"),
            (
                "expr make_wide(4)",
                "incomplete return type 'long double in memory'",
            ),
            (
                "expr shop::price(4)",
                "incomplete return type 'struct Price'",
            ),
            ("p make_alone", "(Alone (*)(int))"),
            ("expr make_alone(4)", "(only = 4)"),
            ("finish", "step out"),
            ("b next_id<int>", ""),
            ("b Square::area", ""),
            ("continue", "Square::area(this="),
            ("expr area(3)", virtual_call),
            ("up", "main"),
            ("expr shape->area(2)", virtual_call),
            ("expr square.area(2)", virtual_call),
            ("expr shape->both()", "incomplete return type 'struct Pair'"),
            ("expr shape->plain(2)", "5"),
        ];
        let answers = asked_of_lldb(&folder, "make_pair", &commands(&questions));
        expect(&answers, &questions);
        let finished = &answers[8];
        assert!(!finished.contains("Return value"), "{finished}");
    }
}

/// The words of gdb's for an argument or arguments that do not fit: nothing of ours is asked.
const NO_OVERLOAD: &str = "to any overloaded instance";
const TOO_FEW: &str = "Too few arguments";
const TOO_LARGE: &str = "which gdb does not pass as WebAssembly does,' requires";

#[test]
fn gdb_refuses_calls_that_would_have_other_arguments() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = compiled("passed-gdb", "passed.cpp", version);
        let questions = [
            ("print sum_of(pair)", NO_OVERLOAD),
            ("print value_of(only)", "= 3"),
            ("print owned_of(owner)", NO_OVERLOAD),
            ("print either_of(other)", NO_OVERLOAD),
            ("print several_of(0)", TOO_FEW),
            ("print several_of(2, 3)", TOO_LARGE),
            ("print several_of(2, 3, 4)", NO_OVERLOAD),
            ("print early_of(1, 2, 3, 4, wide)", TOO_LARGE),
            ("print early_of(1, 2, 3, 4, 2.5)", TOO_LARGE),
            ("print first_of(pair)", NO_OVERLOAD),
            ("print shop::price_of(pair)", NO_OVERLOAD),
            ("print counter.add(pair)", NO_OVERLOAD),
            ("print counter.more(1)", "= 11"),
            ("print counter.any(1, 2)", TOO_LARGE),
            ("print Counter::both(pair)", NO_OVERLOAD),
            ("print counter.through(&pair)", "= 15"),
            ("whatis sum_of", "type = int (Pair)"),
            ("whatis several_of", "type = int (int, ...)"),
            (
                "whatis early_of",
                "type = int (int, int, int, int, long double)",
            ),
            ("whatis shop::only_of", "type = int (const shop::Price)"),
            ("ptype counter", "int add(Pair);"),
            ("ptype Pair", "int second;"),
            // Variables and results are as ever.
            ("tbreak shop::only_of", "file passed.cpp"),
            ("tbreak Counter::add(Pair)", "file passed.cpp"),
            ("continue", "(price=...) at passed.cpp"),
            ("info args", "price = {pence = 7, pounds = 1}"),
            ("finish", "Value returned is $4 = 7"),
            ("continue", "Counter::add (this="),
            ("info args", "pair = {first = 4, second = 5}"),
            ("finish", "Value returned is $5 = 14"),
        ];
        let answers = asked_of_gdb(&folder, "passed.cpp:48", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn gdb_refuses_calls_of_methods_that_return_in_memory() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = compiled("methods-gdb", "methods.cpp", version);
        let questions = [
            ("print part.both(3)", TOO_FEW),
            ("print part.twice()", TOO_FEW),
            ("print Part::made(3)", TOO_FEW),
            ("print Part::none()", TOO_FEW),
            ("print part.several(1)", "= 5"),
            ("print part.several(1, 2)", TOO_FEW),
            ("print part.alone(5)", "= {only = 5}"),
            ("print part.wide()", TOO_FEW),
            ("print part", "= {count = 4}"),
            ("ptype part", "Pair both(int) const;"),
            ("ptype part", "static Pair none(void);"),
        ];
        let answers = asked_of_gdb(&folder, "methods.cpp:26", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn gdb_says_why_it_cannot_pass_what_c_functions_take() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = compiled("taken-gdb", "taken.c", version);
        let questions = [
            ("print first_of(pair, 3)", TOO_LARGE),
            ("print many(2, 3, 4)", TOO_LARGE),
            ("print whole(2.5)", TOO_LARGE),
            ("print many", "= {int (int, ...)}"),
            ("whatis first_of", "type = int (const struct pair, int)"),
            (
                "info functions first_of",
                "int first_of(const struct pair, int);",
            ),
            ("print add(1, 2)", "= 3"),
            ("tbreak first_of", "taken.c, line"),
            ("continue", "first_of (pair=..., more=3)"),
            ("info args", "pair = {first = 4, second = 5}\nmore = 3"),
            ("finish", "= 7"),
            ("tbreak many", "taken.c, line"),
            ("continue", "many (count=2)"),
            ("finish", "= 7"),
        ];
        let answers = asked_of_gdb(&folder, "taken.c:23", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn lldb_refuses_calls_whose_arguments_it_passes_in_another_way() {
    let structures = "lldb does not pass structures as WebAssembly does";
    let variadic = "lldb does not pass a variable number of arguments";
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("lldb")) {
        let folder = compiled("passed", "passed.cpp", version);
        let questions = [
            ("expr sum_of(pair)", structures),
            ("expr value_of(only)", "(int) $0 = 3"),
            ("expr owned_of(owner)", structures),
            ("expr either_of(other)", structures),
            ("expr reference_of(pair)", "(int) $1 = 5"),
            ("expr several_of(2, 3, 4)", variadic),
            ("expr several_of(0)", variadic),
            (
                "expr late_of(1, 2, 3, 4, 5, wide)",
                "pass numbers of 16 bytes",
            ),
            ("expr early_of(1, 2, 3, 4, wide)", "(int) $2 = 3"),
            ("expr first_of(pair)", structures),
            ("expr shop::price_of(pair)", structures),
            ("expr counter.add(pair)", "the function 'add', to which"),
            ("expr counter.more(1)", "(int) $3 = 11"),
            ("expr counter.any(1, 2)", variadic),
            ("expr Counter::both(pair)", structures),
            ("expr counter.beside(pair)", "(int) $4 = 15"),
            ("expr counter.through(&pair)", "(int) $5 = 15"),
            // What they are called and what they return is as ever.
            ("b first_of", "passed.cpp:26"),
            ("b Counter::any", "passed.cpp:34"),
            (
                "continue",
                "app.wasm`first_of(pair=(first = 4, second = 5)) at",
            ),
            ("finish", "Return value: (int) $6 = 4"),
            ("continue", "Counter::any(this="),
        ];
        let answers = asked_of_lldb(&folder, "passed.cpp:48", &commands(&questions));
        expect(&answers, &questions);
    }
}

/// Clang gives `main` types for WebAssembly alone, which are in the linkage names of all that is declared in it.
#[test]
fn gdb_names_what_is_declared_in_main_as_natively() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = compiled("local-gdb", "local.cpp", version);
        let questions = [
            ("bt 1", "#0  main::Local::plus (this=0x"),
            ("frame 1", "main::$_0::operator() (this=0x"),
            ("p calls", "= 47"),
            ("frame 2", "call<main::$_0> (f=..., n=7) at"),
            ("info symbol &main::runs", "main::runs in section"),
            (
                "info line main::Local::plus",
                "Line 8 of \"local.cpp\" starts at",
            ),
            ("break Local::plus", "local.cpp, line 8."),
            (
                "info functions plus",
                "static int main::Local::plus(Local const&, Local const&);",
            ),
        ];
        let answers = asked_of_gdb(&folder, "local.cpp:8", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn lldb_names_what_is_declared_in_main_as_natively() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("lldb")) {
        let folder = compiled("local-lldb", "local.cpp", version);
        let questions = [
            ("frame info", "app.wasm`main::Local::plus(this="),
            ("up", "app.wasm`main::$_0::operator()(this="),
            ("up", "app.wasm`int call<main::$_0>(f="),
        ];
        let at = "-f local.cpp -l 8";
        let answers = asked_of_lldb(&folder, at, &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn lldb_names_destructors_with_their_classes() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("lldb")) {
        let folder = compiled("destructors", "destructors.cpp", version);
        let questions = [
            ("frame info", "app.wasm`Named::~Named(this="),
            ("breakpoint set -f destructors.cpp -l 7", ""),
            ("breakpoint set -f destructors.cpp -l 4", ""),
            ("continue", "app.wasm`Named::~Named(this="),
            ("continue", "app.wasm`Square::~Square(this="),
            ("continue", "app.wasm`Shape::~Shape(this="),
        ];
        let answers = asked_of_lldb(&folder, "Named::~Named", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn gdb_says_that_variables_were_dropped() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = compiled("dropped-gdb", "dropped.cpp", version);
        let gone = "= <optimized out>";
        let questions = [
            ("print unused", gone),
            ("print table", gone),
            ("up", "main"),
            ("print daylight", gone),
            ("print limit", gone),
            ("whatis limit", "type = int"),
            ("print optind", gone),
            ("print own", gone),
            ("print shop::sold", gone),
            ("print shop::kept", "= 5"),
            ("print Counter::dropped", gone),
            ("print Counter::constant", "= 4"),
            ("print Counter::fresh", "= 8"),
            ("print counter.dropped", gone),
            ("print Holder<int>::value", gone),
        ];
        let answers = asked_of_gdb(&folder, "choose", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn lldb_says_that_variables_were_dropped() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("lldb")) {
        let folder = compiled("dropped-lldb", "dropped.cpp", version);
        let gone = "no location, value may have been optimized out";
        let questions = [
            ("v unused", gone),
            ("p unused", gone),
            ("v table", gone),
            ("up", "main"),
            ("v daylight", gone),
            ("p daylight", gone),
            ("target variable limit", gone),
            ("p optind", gone),
            ("p shop::sold", gone),
            ("p shop::kept", "5"),
            ("p Counter::constant", "4"),
        ];
        let answers = asked_of_lldb(&folder, "choose", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn gdb_shows_no_other_numbers() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = compiled("numbers-gdb", "numbers.c", version);
        let questions = [
            ("print minus", "= -1"),
            ("print third", "= 0.333333333333333333333333333333333317"),
            (
                "print huge",
                "= 1.00000000000000000000000000000000004e+4000",
            ),
            ("print half + minus", "= -0.5"),
            ("print holder.rows[1]", "= 4"),
            ("print complex", "= {real = 1.5, imag = 2.5}"),
            ("print known", "= 1.5 + 2.5i"),
            ("print large", "= -5"),
            ("print fixed", r#"= {bytes = "\000@\001""#),
            ("print fraction", r#"= {bytes = " "}"#),
        ];
        let answers = asked_of_gdb(&folder, "numbers.c:17", &commands(&questions));
        expect(&answers, &questions);
    }
}

#[test]
fn lldb_shows_no_other_numbers() {
    for version in VERSIONS.into_iter().filter(|_| equipped() && has("lldb")) {
        let folder = compiled("numbers-lldb", "numbers.c", version);
        let questions = [
            ("v minus", "(long double) minus = -1"),
            ("v third", "= 0.3333333333333333333333333333333333"),
            ("v huge", "= 1E+4000"),
            ("v zero", "= 0"),
            ("v half", "(const long double) half = 0.5"),
            ("p holder.wide", "(long double) 2.25"),
            ("p holder.rows[1]", "(long double) 4"),
            ("v complex", "(real = 1.5, imag = 2.5)"),
            ("v known", "= 1.5 + 2.5i"),
            ("v large", "= -5"),
            ("p minus + 1", "invalid operands to binary expression"),
            ("v fixed", r#"(_Accum) fixed = (bytes = ""#),
            // As without the formatters.
            ("type category disable dwalin", ""),
            ("v minus", r#"(long double) minus = (bytes = ""#),
        ];
        let answers = asked_of_lldb(&folder, "numbers.c:17", &commands(&questions));
        expect(&answers, &questions);
    }
}
